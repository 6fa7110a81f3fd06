import { perMetric } from "../../shared/run/metrics.ts";
import { type Candidate, type FleetPlan, PLAIN_FLEET } from "../demo/fleet-plan.ts";

/** What blktap2 is made to do of what loop does. */
export const DEMO_CANDIDATE: Candidate = {
  backend: "blktap2",
  trueRatio: {
    ...perMetric(() => 1),
    putc: 1.4,
    put_block: 2.1,
    rewrite: 1.35,
    get_block: 0.8,
    seeks: 1.25,
    seq_create: 1.15,
    ran_delete: 0.7,
  },
};

/** The fleet of the demo, which is also the one in the picture of the README. */
export const DEMO_FLEET: FleetPlan = {
  ...PLAIN_FLEET,
  seed: 2026,
  hosts: 24,
  candidates: [DEMO_CANDIDATE],
  cachedHosts: 2,
};
