// Ask the decision service from Node, with nothing but its protos.
//
//   node client.js decide ADDRESS SNAPSHOT.json REQUEST_ID   one decision
//   node client.js watch  ADDRESS SNAPSHOT.json REQUEST_ID   the same, with the search as it goes
//
// Prints one JSON document a line. Exit codes: 0 decided, 2 the request is wrong, 3 the service is not there.
// CA, CERTIFICATE and KEY in the environment name PEM files for TLS; without CA the channel is plaintext, which the
// service takes on loopback only.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const protobuf = require("protobufjs");

const PROTOS = path.join(__dirname, "..", "..", "protos");
const SECONDS = 120;

const {v1} = grpc.loadPackageDefinition(
  loader.loadSync(
    ["decision_service/v1/decision_service.proto", "decision_service/v1/solve_service.proto"],
    {includeDirs: [PROTOS], keepCase: true, enums: String, longs: Number, defaults: false, oneofs: true},
  ),
).decision_service;
const errors = protobuf.loadSync(path.join(__dirname, "errors.proto"));

function credentials() {
  const {CA, CERTIFICATE, KEY} = process.env;
  if (!CA) return grpc.credentials.createInsecure();
  return grpc.credentials.createSsl(...[CA, KEY, CERTIFICATE].map((file) => file && fs.readFileSync(file)));
}

// The code, the service's reason, the fields that are wrong and how long to wait, from an error of a call.
function explain(error) {
  const [raw] = error.metadata?.get("grpc-status-details-bin") ?? [];
  const said = {code: grpc.status[error.code], message: error.details};
  if (!raw) return said;
  for (const detail of errors.lookupType("google.rpc.Status").decode(raw).details) {
    const name = detail.type_url.split("/").pop();
    const type = errors.root.lookup(name);
    if (!type) continue; // a kind of detail that is newer than this client
    const {reason, fieldViolations, retryDelay} = type.decode(detail.value);
    if (name === "google.rpc.ErrorInfo") said.reason = reason;
    if (name === "google.rpc.BadRequest") said.fields = fieldViolations.map((v) => [v.field, v.description]);
    if (name === "google.rpc.RetryInfo") said.retrySeconds = Number(retryDelay.seconds) + retryDelay.nanos / 1e9;
  }
  return said;
}

function decide(address, request) {
  const service = new v1.DecisionService(address, credentials());
  return new Promise((resolve, reject) => {
    service.Decide(request, new grpc.Metadata(), {deadline: Date.now() + SECONDS * 1000}, (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

async function watch(address, request) {
  const service = new v1.SolveService(address, credentials());
  const call = service.WatchDecide({decide: request}, new grpc.Metadata(), {deadline: Date.now() + SECONDS * 1000});
  for await (const {progress, decided} of call) {
    if (decided) return decided;
    print({progress});
  }
  throw new Error("the stream ended without a decision");
}

function print(document) {
  console.log(JSON.stringify(document));
}

async function main([word, address, file, requestId]) {
  const ask = {decide, watch}[word];
  if (!ask || !file) {
    console.error("usage: node client.js decide|watch ADDRESS SNAPSHOT.json REQUEST_ID");
    return 2;
  }
  const snapshot = JSON.parse(fs.readFileSync(file, "utf8"));
  try {
    const {decision, is_repeat} = await ask(address, {request_id: requestId, snapshot});
    const count = (disposition) => decision.orders.filter((o) => o.disposition === disposition).length;
    print({
      name: decision.name,
      verdict: decision.verdict,
      isRepeat: Boolean(is_repeat),
      approved: count("DISPOSITION_APPROVED"),
      referred: count("DISPOSITION_REFERRED"),
      blocked: count("DISPOSITION_BLOCKED"),
    });
    return 0;
  } catch (error) {
    if (error.code === undefined) throw error;
    print({error: explain(error)});
    return error.code === grpc.status.UNAVAILABLE ? 3 : 2;
  }
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
