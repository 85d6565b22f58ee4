/** Airtable as the simulated machine reaches it: slow by chance, sometimes broken, and asked by a process that may die. */
import type { Random } from '../../random.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { AirtableTransport } from '../../targets/airtable/transport.ts'
import { inProcessTransport } from '../airtable-in-process.ts'
import { livingLife, neverSettled, theSimulation } from '../edges/current.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/** @param arrived called at each request with the moment at which it reaches Airtable. */
export function createRemote(
  sandbox: Sandbox,
  clock: VirtualClock,
  random: Random,
  arrived: (line: string, atMs: number) => void,
): AirtableTransport {
  const inner = inProcessTransport(sandbox, clock)
  return {
    async send(request) {
      const life = livingLife()
      const [, root = ''] = request.path.split('/')
      const isRead = request.path.endsWith('listRecords')
      const line = `${isRead ? 'GET' : request.method} ${root.startsWith('tbl') ? 'records' : request.path.startsWith('bases') ? 'webhooks' : 'base'}`
      if (theSimulation().before({ kind: 'airtable', target: line }) === 'refused')
        return { is: 'failure', reason: 'connection', detail: 'ECONNREFUSED', mayHaveArrived: false }
      await clock.sleep(5 + Math.floor(random.next() * 120))
      arrived(line, clock.monotonicMs())
      const sent = await inner.send(request)
      await clock.sleep(5 + Math.floor(random.next() * 120))
      if (life.isDead) return neverSettled()
      theSimulation().after({ kind: 'airtable', target: line })
      return life.isDead ? neverSettled() : sent
    },
  }
}
