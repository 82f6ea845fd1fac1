// Reads a JSON list of LogQL texts; writes, for each, the places where the grammar finds something that it has no word for.
import { readFileSync } from "node:fs";
import { parser } from "@grafana/lezer-logql";

const texts = JSON.parse(readFileSync(0, "utf8"));
const found = texts.map((text) => {
  const places = [];
  parser.parse(text).iterate({ enter: (node) => { if (node.type.isError) places.push(node.from); } });
  return places;
});
process.stdout.write(JSON.stringify(found));
