/** What the resource `audit/journal` says, of verdicts as a walk over a journal gives them. */
import { describe, expect, test } from 'vitest'
import { desiredStateSchema } from '../../desired/schema.ts'
import type { JsonValue } from '../../json.ts'
import { createVirtualClock } from '../../sim/virtual-clock.ts'
import { type AuditVerdict, auditKind, type CopyStanding } from './index.ts'

const hour = 3_600_000
const sound: AuditVerdict = { entries: 120, removed: 20, signedUpTo: 118, problems: [], isKeyLost: false }

function kindOf(first: AuditVerdict) {
  const seen = { verdict: first, walks: 0, copies: [] as CopyStanding[] }
  const clock = createVirtualClock(Date.UTC(2026, 0, 1))
  const kept = new Map<string, JsonValue>()
  const kind = auditKind({
    clock,
    memory: {
      get: (owner, name) => kept.get(`${owner} ${name}`),
      set: (owner, name, value) => kept.set(`${owner} ${name}`, value),
    },
    audit: {
      async verify() {
        seen.walks += 1
        return seen.verdict
      },
      copies: () => seen.copies,
    },
  })
  const [resource] = kind.list(desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'x' }))
  if (resource === undefined) throw new Error('there is one')
  const look = async () => {
    const context = { signal: new AbortController().signal, progress: () => undefined }
    const observation = await kind.observe(resource, { is: 'full' }, context)
    return {
      observation,
      drift: kind.diff(resource, observation),
      again: kind.lookAgainAfterMs?.(resource, observation),
    }
  }
  return { kind, seen, clock, look, resource }
}

describe('the record of what was done', () => {
  test('as it was written is no drift, and is walked over at intervals, and when somebody asks', async () => {
    const { kind, seen, clock, look, resource } = kindOf(sound)
    const { observation, drift, again } = await look()
    expect([drift, again, kind.describe(observation)]).toEqual([[], 6 * hour, '100 entries, as they were written'])
    await look()
    clock.jumpWallClock(6 * hour - 1)
    await look()
    expect(seen.walks).toBe(1)
    clock.jumpWallClock(1)
    await look()
    kind.refresh?.(resource)
    await look()
    expect(seen.walks).toBe(3)
    // Set back: what was found in the future proves nothing.
    clock.jumpWallClock(-hour)
    await look()
    expect(seen.walks).toBe(4)
  })

  test('that somebody changed is critical, names the first broken entry, and asks a person', async () => {
    const { look, kind, resource } = kindOf({
      ...sound,
      problems: [
        { seq: 77, message: 'entry 77 is missing' },
        { seq: 90, message: 'x' },
      ],
    })
    const { drift, observation } = await look()
    expect(drift).toEqual([
      expect.objectContaining({
        path: 'chain',
        severity: 'critical',
        affected: { count: 2, sample: ['77'] },
        byHand: expect.stringContaining('trueup audit verify'),
      }),
    ])
    expect(drift[0]?.message).toContain('entry 77 is missing')
    expect(kind.health(resource, observation, []).find(({ name }) => name === 'chain')).toMatchObject({
      status: 'failed',
    })
  })

  test('copies of heads that do not get away are told; one that holds more than the workspace is critical', async () => {
    const { look, seen } = kindOf(sound)
    const standing = { folder: '/mnt/audit', sinceMs: 1 }
    seen.copies = [{ ...standing, problem: 'ENOENT', isTampered: false }]
    expect((await look()).drift).toMatchObject([{ path: 'heads./mnt/audit', severity: 'medium' }])
    seen.copies = [{ ...standing, problem: 'line 2', isTampered: true }]
    const { drift, again } = await look()
    expect([drift[0]?.severity, again]).toEqual(['critical', 60_000])
  })

  test('without the key of its heads says so', async () => {
    expect((await kindOf({ ...sound, isKeyLost: true }).look()).drift).toMatchObject([
      { path: 'key', severity: 'high' },
    ])
  })
})
