// Types of broker.mjs; they are described in broker.d.ts.
/// <reference path="./broker.d.ts" />
export declare const WS4Redis: WS4RedisConstructor;
export type WS4Redis = InstanceType<WS4RedisConstructor>;
export type Options = WS4RedisOptions;
