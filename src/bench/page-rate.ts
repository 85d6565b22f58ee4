/** Pages of leads a second through the API against bare node:http, one statement and JSON.stringify: see graphql-page.ts. */
import { fileURLToPath } from 'node:url'
import type { Bench } from './measure.ts'
import { runNode } from './processes.ts'

const script = fileURLToPath(new URL('./graphql-page.js', import.meta.url))

export const pageRate: Bench = {
  name: 'graphql-page',
  async run(context) {
    const rows = context.rows(100_000)
    const rounds = Math.max(2, context.rounds)
    context.say(`graphql-page: ${rounds} rounds`)
    const argv = ['--rows', `${rows}`, '--rounds', `${rounds}`]
    const { stdout, peakBytes } = await runNode([script, ...argv], { folder: context.folder })
    const rateOf = (name: string) => {
      const rate = Number(new RegExp(`^${name}: (\\d+) requests/s`, 'm').exec(stdout)?.[1])
      if (!(rate > 0)) throw new Error(`graphql-page.js told no rate of ${name}:\n${stdout}`)
      return rate
    }
    const [api, raw] = [rateOf('api'), rateOf('raw')]
    return [
      {
        bench: 'graphql-page',
        what: `pages of 50 of ${rows.toLocaleString('en-US')} leads a second (more is better)`,
        median: { value: api, unit: 'requests/s' },
        floor: { value: raw, unit: 'requests/s' },
        ratio: api / raw,
        aims: [],
        // Both servers and the client together.
        peakBytes,
        rounds,
      },
    ]
  },
}
