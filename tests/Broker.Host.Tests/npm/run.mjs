// node run.mjs json|protobuf talk URL TOKENS | renew URL TOKENS | renewSubscription URL TOKENS | follow URL CHANNEL LAST: the last line that it prints is what it has seen.
import { createRequire } from 'node:module';
import { Centrifuge as OfJson } from 'centrifuge';
import { Centrifuge as OfProtobuf } from 'centrifuge/build/protobuf';
import { follow, renew, renewSubscription, talk } from './scenario.mjs';

const WebSocket = createRequire(import.meta.url)('ws');
const [encoding, what, urls, ...rest] = process.argv.slice(2);
const Centrifuge = encoding === 'protobuf' ? OfProtobuf : OfJson;

// Several addresses stand for what is in front of several nodes: each attempt goes to the next one.
let attempts = 0;
const addresses = urls.split(',');
class Balanced extends WebSocket {
  constructor(_, protocols) {
    super(addresses[attempts++ % addresses.length], protocols);
  }
}

const options = { websocket: Balanced };
const tell = (line) => console.log(line);
const scenarios = {
  talk: () => talk(Centrifuge, encoding, options, addresses[0], JSON.parse(rest[0])),
  renew: () => renew(Centrifuge, options, addresses[0], JSON.parse(rest[0]), tell),
  renewSubscription: () => renewSubscription(Centrifuge, options, addresses[0], JSON.parse(rest[0]), tell),
  follow: () => follow(Centrifuge, encoding, options, addresses[0], rest[0], Number(rest[1]), tell),
};
const seen = await scenarios[what]();
console.log(JSON.stringify(seen));
process.exit(0);
