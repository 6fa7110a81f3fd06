// `tsx scripts/profile.ts FILE.cpuprofile ...`: where the time goes, as text; for the profiles of `bench --profile`.

import { profileSummary } from "./bench/profile.ts";

for (const file of process.argv.slice(2)) console.log(`${profileSummary(file)}\n`);
