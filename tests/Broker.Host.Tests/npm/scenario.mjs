// What an application does with the published client library, in node and in a browser. Nothing of it is Broker's own.

// The library's build for protobuf takes and gives bytes, the other one values; its offsets are objects (Long).
const values = { pack: (value) => value, open: (data) => data };
const bytes = { pack: (value) => new TextEncoder().encode(JSON.stringify(value)), open: (data) => JSON.parse(new TextDecoder().decode(data)) };
const dataOf = (encoding) => (encoding === 'protobuf' ? bytes : values);

export async function talk(Centrifuge, encoding, options, url, tokens) {
  const { pack, open } = dataOf(encoding);
  const seen = { publications: [], joins: [], leaves: [], mail: [], refreshed: 0, connected: 0, errors: [] };
  const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));
  const until = async (fact, what) => {
    for (let i = 0; i < 2000; i++) {
      if (fact()) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`did not come: ${what}: ${JSON.stringify(seen)}`);
  };

  // A token that is soon over: the library asks for another one, in place.
  const john = new Centrifuge(url, { ...options, token: tokens.short, getToken: async () => { seen.refreshed++; return tokens.john; } });
  const jane = new Centrifuge(url, { ...options, token: tokens.jane });
  for (const client of [john, jane]) client.on('error', (ctx) => seen.errors.push(ctx.error));
  john.on('connected', () => seen.connected++);
  john.on('publication', (ctx) => seen.mail.push([ctx.channel, open(ctx.data)]));
  const server = once(john, 'subscribed');
  const chat = john.newSubscription('broadcast:chat', { joinLeave: true });
  chat.on('publication', (ctx) => seen.publications.push(open(ctx.data)));
  chat.on('join', (ctx) => seen.joins.push(ctx.info.user));
  chat.on('leave', (ctx) => seen.leaves.push(ctx.info.user));
  chat.subscribe();
  john.connect();
  await chat.ready();
  seen.serverSide = (await server).channel;

  const janes = jane.newSubscription('broadcast:chat');
  janes.subscribe();
  jane.connect();
  await janes.ready();
  await until(() => seen.joins.includes('jane'), 'the join of jane');

  await janes.publish(pack({ text: 'hello', n: [1, 2, 3] }));
  await chat.publish(pack('a string'));
  await until(() => seen.publications.length === 2, 'two publications');
  await jane.publish('user:jane:mail', pack({ to: 'herself' }));
  await john.publish('user:john:mail', pack({ to: 'himself' }));
  await until(() => seen.mail.length === 1, 'mail');

  seen.stats = await chat.presenceStats();
  seen.users = Object.values((await chat.presence()).clients).map((client) => client.user).sort();
  const history = await chat.history({ limit: 10 });
  seen.history = history.publications.map((publication) => [Number(publication.offset), open(publication.data)]);
  seen.newest = (await chat.history({ limit: 1, reverse: true })).publications.map((publication) => Number(publication.offset));
  seen.echo = open((await john.rpc('echo', pack({ a: 1 }))).data);
  seen.forbidden = await jane.publish('user:john:mail', pack(1)).then(() => 'taken', (error) => error.code);

  janes.unsubscribe();
  await until(() => seen.leaves.includes('jane'), 'the leave of jane');
  await until(() => seen.refreshed > 0, 'a refresh');
  await john.rpc('echo', pack(1));
  seen.state = john.state;
  john.disconnect();
  jane.disconnect();
  return seen;
}

// One that stays, and tells what it gets, until it has got the last one.
export async function follow(Centrifuge, encoding, options, url, channel, last, tell) {
  const { open } = dataOf(encoding);
  const client = new Centrifuge(url, { ...options, minReconnectDelay: 50, maxReconnectDelay: 500 });
  const subscription = client.newSubscription(channel, { minResubscribeDelay: 50, maxResubscribeDelay: 500 });
  return await new Promise((resolve) => {
    const seen = { numbers: [], subscribed: [], connected: 0 };
    client.on('connected', () => seen.connected++);
    subscription.on('subscribed', (ctx) => {
      seen.subscribed.push([ctx.wasRecovering, ctx.recovered]);
      tell('subscribed');
    });
    subscription.on('publication', (ctx) => {
      seen.numbers.push(open(ctx.data));
      if (seen.numbers.at(-1) !== last) return;
      client.disconnect();
      resolve(seen);
    });
    subscription.subscribe();
    client.connect();
  });
}

// One whose token is taken back while it is connected.
export async function renew(Centrifuge, options, url, tokens, tell) {
  const seen = { connected: 0, asked: 0, connecting: [], disconnected: [] };
  const client = new Centrifuge(url, { ...options, minReconnectDelay: 50, maxReconnectDelay: 500, token: tokens.first, getToken: async () => { seen.asked++; return tokens.second; } });
  return await new Promise((resolve) => {
    client.on('connecting', (ctx) => seen.connecting.push(ctx.code));
    client.on('disconnected', (ctx) => { seen.disconnected.push(ctx.code); resolve(seen); });
    client.on('connected', () => {
      tell('connected');
      if (++seen.connected === 2) client.disconnect();
    });
    client.connect();
  });
}

// One with a token for a channel that is taken back while it is subscribed.
export async function renewSubscription(Centrifuge, options, url, tokens, tell) {
  const seen = { connected: 0, subscribed: 0, asked: 0, errors: [], subscribing: [], unsubscribed: [] };
  const client = new Centrifuge(url, { ...options, token: tokens.john });
  const getToken = async () => { seen.asked++; return tokens.second; };
  const subscription = client.newSubscription('user:jane:chat', { minResubscribeDelay: 50, maxResubscribeDelay: 500, token: tokens.first, getToken });
  return await new Promise((resolve) => {
    client.on('connected', () => seen.connected++);
    subscription.on('subscribing', (ctx) => seen.subscribing.push(ctx.code));
    subscription.on('error', (ctx) => seen.errors.push(ctx.error.code));
    subscription.on('unsubscribed', (ctx) => { seen.unsubscribed.push(ctx.code); resolve(seen); });
    subscription.on('subscribed', () => {
      tell('subscribed');
      if (++seen.subscribed === 2) subscription.unsubscribe();
    });
    subscription.on('unsubscribed', () => client.disconnect());
    subscription.subscribe();
    client.connect();
  });
}
