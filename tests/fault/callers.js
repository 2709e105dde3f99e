// SPDX-License-Identifier: Apache-2.0
// Callers that never repeat a call themselves, until stdin ends; then it prints what became of their calls as JSON.
//
//   NODE_PATH=... node callers.js ADDRESSES CALLERS       (in the root of the tree)
'use strict';

const fs = require('fs');
const { setTimeout: sleep } = require('timers/promises');
const { randomUUID } = require('crypto');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [addresses, callers] = process.argv.slice(2);
const { amends } = grpc.loadPackageDefinition(loader.loadSync('amends/v1/intake_service.proto', {
  includeDirs: ['proto'], keepCase: true, enums: String, longs: String }));
const client = new amends.v1.IntakeService(addresses, grpc.credentials.createInsecure(), {
  'grpc.service_config': fs.readFileSync('proto/service_config.json', 'utf8'),
  'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 300 });
const metadata = new grpc.Metadata();
metadata.set('amends-tenant', 'demo');
metadata.set('amends-principal', 'crm');

const outcome = { answered: 0, failed: [], slowest_s: 0 };
let over = false;

function call(method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, metadata, { deadline: Date.now() + 10000 },
      (error, response) => (error ? reject(error) : resolve(response)));
  });
}

function open() {
  return call('OpenCase', {
    request_id: randomUUID(), customer_id: `customer-${randomUUID()}`, trigger: 'TRIGGER_COMPLAINT', channel: 'CHANNEL_PHONE',
    failure: { code: 'billing.overcharge', description: 'Charged twice.' } });
}

async function keepCalling(number) {
  const { case: opened } = await open();
  while (!over) {
    const started = Date.now();
    try {
      await (number % 2 ? open() : call('GetCase', { case_id: opened.case_id }));
      outcome.answered++;
    } catch (error) {
      outcome.failed.push(String(error));
    }
    outcome.slowest_s = Math.max(outcome.slowest_s, (Date.now() - started) / 1000);
    await sleep(5);
  }
}

process.stdin.resume().on('end', () => { over = true; });
Promise.all(Array.from({ length: Number(callers) }, (_, number) => keepCalling(number))).then(() => {
  console.log(JSON.stringify(outcome));
  client.close();
});
