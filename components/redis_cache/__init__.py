from components.redis_cache.component import RedisCache
from components.redis_cache.spec import RedisCacheSpec

__all__ = ["RedisCache", "RedisCacheSpec"]
