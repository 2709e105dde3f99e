// SPDX-License-Identifier: Apache-2.0
// Opens a case and reads it, or watches an agent's offers and accepts the first one.
//
//   node recover.js open KEY_FILE
//   node recover.js watch KEY_FILE
//
// The file has the API key that says who calls; AMENDS_TLS_CA names one with the CA of the services' certificates.
'use strict';

const fs = require('fs');
const { randomUUID } = require('crypto');
const { setTimeout: sleep } = require('timers/promises');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const DEADLINE_MS = 10000;
const CALLED = { intake: 'IntakeService', assignment: 'AssignmentService' };
const definition = loader.loadSync(
  Object.values(CALLED).map((name) => `amends/v1/${name.replace('Service', '_service').toLowerCase()}.proto`),
  { includeDirs: ['proto'], keepCase: true, enums: String, longs: String });
const { amends } = grpc.loadPackageDefinition(definition);

const errors = new protobuf.Root();
errors.resolvePath = (_, path) => (path.startsWith('google/protobuf/') ? path : `proto/${path}`);
errors.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto']);

// TLS, and every call carries `authorization: Bearer <key>`.
function credentials(keyFile) {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${fs.readFileSync(keyFile, 'utf8').trim()}`);
  return grpc.credentials.combineChannelCredentials(
    grpc.credentials.createSsl(fs.readFileSync(process.env.AMENDS_TLS_CA)),
    grpc.credentials.createFromMetadataGenerator((_, callback) => callback(null, metadata)));
}

// The service config balances over all replicas and repeats what failed on the way.
function connect(service, keyFile) {
  return new amends.v1[CALLED[service]](
    process.env[`AMENDS_${service.toUpperCase()}`], credentials(keyFile),
    { 'grpc.service_config': fs.readFileSync('proto/service_config.json', 'utf8'), 'grpc.keepalive_time_ms': 20000 });
}

// One unary call with its deadline.
function call(client, method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, { deadline: Date.now() + DEADLINE_MS },
      (error, response) => (error ? reject(error) : resolve(response)));
  });
}

// The reason of an error and the pause that it asks for. Both are in the details of its google.rpc.Status; there are none
// when the call did not reach a server.
function refusal(error) {
  const found = { reason: '', pauseMs: undefined };
  for (const packed of error.metadata.get('grpc-status-details-bin')) {
    for (const detail of errors.lookupType('google.rpc.Status').decode(packed).details) {
      const one = errors.lookupType(detail.type_url.split('/')[1]).decode(detail.value);
      if (detail.type_url.endsWith('.ErrorInfo')) {
        found.reason = one.reason;
      } else if (detail.type_url.endsWith('.RetryInfo')) {
        found.pauseMs = Number(one.retryDelay.seconds) * 1000 + one.retryDelay.nanos / 1e6;
      }
    }
  }
  return found;
}

function show(error) {
  const { reason, pauseMs } = refusal(error);
  const again = pauseMs === undefined ? '' : `; again in ${pauseMs} ms`;
  console.log(`refused: ${grpc.status[error.code]} ${reason}: ${error.details}${again}`);
}

async function open(keyFile) {
  const intake = connect('intake', keyFile);
  const opened = await call(intake, 'OpenCase', {
    request_id: randomUUID(), // whoever repeats the call repeats this id, and no second case is opened
    trigger: 'TRIGGER_COMPLAINT',
    channel: 'CHANNEL_PHONE',
    customer_id: `c-${randomUUID().slice(0, 8)}`,
    failure: { code: 'billing.overcharge', description: 'charged twice' },
  });
  const read = await call(intake, 'GetCase', { case_id: opened.case.case_id });
  console.log(`opened: ${read.case.case_id} ${read.case.status}`);
  await call(intake, 'GetCase', { case_id: randomUUID() }).catch(show); // nobody has opened this one
}

// All pending offers of the caller, as they come. Each stream ends with an error; the next one goes on where it ended.
async function* offers(assignment) {
  const comeBack = [grpc.status.UNAVAILABLE, grpc.status.CANCELLED, grpc.status.RESOURCE_EXHAUSTED];
  let token = '';
  for (;;) {
    const stream = assignment.WatchOffers({ resume_token: token });
    try {
      for await (const message of stream) {
        token = message.resume_token;
        if (message.offer && message.offer.state === 'OFFER_STATE_PENDING') yield message.offer;
      }
    } catch (error) {
      show(error);
      if (!comeBack.includes(error.code)) throw error;
      const { reason, pauseMs } = refusal(error);
      const farewell = ['STREAM_ENDED', 'DRAINING'].includes(reason); // another replica answers at once
      await sleep(pauseMs ?? (farewell ? 0 : 1000));
    } finally {
      stream.cancel(); // whoever stops reading has to say so
    }
  }
}

async function watch(keyFile) {
  const assignment = connect('assignment', keyFile);
  for await (const offer of offers(assignment)) {
    try {
      const accepted = await call(assignment, 'AcceptOffer',
        { request_id: randomUUID(), case_id: offer.case_id, offer_id: offer.offer_id });
      console.log(`accepted: ${accepted.case.case_id} ${accepted.case.owner.id}`);
      return;
    } catch (error) { // the offer has expired meanwhile: the next one comes
      show(error);
    }
  }
}

const [what, keyFile] = process.argv.slice(2);
(what === 'watch' ? watch(keyFile) : open(keyFile)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
