/**
 * `npm run soak [-- NAME…]`: the long doses of the fault programme, one after the other: every script of package.json whose name
 * begins with `soak:`, or those named. All are run, whichever fails; exit status 1 where one did, 2 for a name that is none.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const prefix = 'soak:'
const known = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).scripts)
  .filter((name) => name.startsWith(prefix))
  .map((name) => name.slice(prefix.length))
const given = process.argv.slice(2)
const unknown = given.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`there is no soak ${unknown.join(', ')}; there are ${known.join(', ')}`)
  process.exit(2)
}

const results = (given.length === 0 ? known : given).map((name) => {
  const startedMs = Date.now()
  const { status } = spawnSync('npm', ['run', `${prefix}${name}`], { stdio: 'inherit' })
  return { name, isClean: status === 0, seconds: Math.round((Date.now() - startedMs) / 1000) }
})
console.log('')
for (const { name, isClean, seconds } of results) console.log(`${isClean ? '✓' : '✗'} ${prefix}${name} (${seconds} s)`)
if (results.some(({ isClean }) => !isClean)) process.exitCode = 1
