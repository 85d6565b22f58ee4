/** `npm run simulate -- …`: bundles the simulator and runs it; see docs/simulator.md. */
import { spawnSync } from 'node:child_process'
import { bundleSimulator } from './simulator.mjs'

const program = await bundleSimulator('shipped', undefined)
const { status } = spawnSync(process.execPath, ['--enable-source-maps', program, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
