// The ES module door to broker.js: import { WS4Redis } from '/broker.mjs'
import './broker.js';
export const WS4Redis = globalThis.WS4Redis;
