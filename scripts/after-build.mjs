// tsc neither marks the command line's entry executable nor copies what is not TypeScript.
import { chmodSync, cpSync, existsSync } from 'node:fs'

chmodSync('dist/cli/main.js', 0o755)
for (const folder of ['dashboard/static', 'sandbox/static', 'demo/services']) {
  if (existsSync(`src/${folder}`)) cpSync(`src/${folder}`, `dist/${folder}`, { recursive: true })
}
cpSync('src/targets/process/supervision/trueup-shim.sh', 'dist/targets/process/supervision/trueup-shim.sh')
