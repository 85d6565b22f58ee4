import { expect, it } from 'vitest'
import { desiredStateSchema } from '../../desired/schema.ts'
import { differencesOf } from './diff.ts'
import { planService } from './plan.ts'
import { listServices } from './spec.ts'
import { overLimit, type ServiceState } from './state.ts'

const [declared] = listServices(
  desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'test',
    services: {
      collector: {
        command: ['collector'],
        limits: { memory: '100MB' },
        probe: { heartbeat: 'collector.beat', maxAge: '1m' },
      },
    },
  }),
  { workspace: '/w', ownFolder: '/w/.trueup' },
)

/** A collector that runs and takes so much, whose probe has said this three times. */
function stateOf(megabytes: number, said: string): ServiceState {
  const usage = { processes: 1, memoryBytes: megabytes * 1e6, cpuMs: 0, descriptors: 3 }
  return {
    observedAtMs: 0,
    record: undefined,
    phase: { is: 'running', uuid: 'u1', pid: 7, startedAtMs: 0, usage, launchHash: null, unrecorded: false },
    leftovers: [],
    probe: { phase: 'dead', failures: 3, wasReady: true, last: { is: 'failed', message: said, atMs: 0 } },
    waitsFor: [],
    rolling: undefined,
    secrets: { changed: [], unreadable: [] },
    over: overLimit({ memoryBytes: 100e6, processes: null }, usage),
    output: '',
    log: undefined,
    evidence: 'e1',
  }
}

function planned(state: ServiceState) {
  if (declared === undefined) throw new Error('nothing is declared')
  const observation = { is: 'present', state, fingerprint: '' } as const
  const drift = differencesOf(declared, observation).map((one) => {
    const about = { id: one.path, resource: declared.key, cause: 'drift', firstSeenMs: 0 } as const
    return { ...one, ...about }
  })
  return planService(declared, observation, drift)
}

it.each([
  ['whose heartbeat grows older', [stateOf(50, 'the heartbeat is 61 s old'), stateOf(50, 'the heartbeat is 71 s old')]],
  ['that takes more and more', [stateOf(200, ''), stateOf(300, '')]],
])('the end of a program %s stays the action that a person has approved, and tells the figures', (_, looks) => {
  const [one, other] = looks.map((state) => planned(state)[0])
  expect(one).toMatchObject({ verb: 'end', precondition: 'e1' })
  expect(other?.input).toEqual(one?.input)
  expect(other?.summary).not.toBe(one?.summary)
})
