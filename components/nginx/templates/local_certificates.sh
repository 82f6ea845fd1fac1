# Makes a certificate authority once, and certificates anew each time this runs. The authority's key never leaves its volume.
umask 077
cd @@authority_folder
if [ ! -s authority.key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
        -keyout authority.key.new -out authority.crt -subj "/CN=@@authority" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign"
    mv authority.key.new authority.key
fi

issue() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "@@tls/$1.key" -out "@@scratch/$1.csr" -subj "/"
    printf 'subjectAltName=critical,%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n' "$2" > "@@scratch/$1.ext"
    # Browsers refuse more than 398 days.
    openssl x509 -req -in "@@scratch/$1.csr" -CA authority.crt -CAkey authority.key -days 397 -extfile "@@scratch/$1.ext" -out "@@tls/$1.crt"
}

@@certificates
cp authority.crt @@tls/authority.crt
chown -R @@user:@@user @@tls
chmod -R u=rX,go= @@tls
