/** Disks that are nearly full, other than that of the workspace: which is short is told, what needs it waits, all else goes on. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createBackupWorld } from '../support/backup-world.ts'
import { cannotMount } from '../support/small-disk.ts'

test('a database and a place for backups on a full disk wait by themselves, with the disk named, until there is room', async (context) => {
  const reason = cannotMount()
  if (reason !== undefined) return context.skip(reason)
  const world = createBackupWorld({
    more: '  other: { path: elsewhere/other.db }\n',
    backup: 'to: [backups/, elsewhere/sets/]',
  })
  const file = world.path('desired-state.yaml')
  const table = 'tables:\n  others: { database: other, key: id, fields: { full_name: { type: text } } }\n'
  writeFileSync(file, readFileSync(file, 'utf8').replace('tables:\n', table))
  const elsewhere = world.path('elsewhere')
  mkdirSync(elsewhere)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m,mode=0700', 'tmpfs', elsewhere])
  try {
    await world.open(async ({ apply, workspace }) => {
      await apply()
      const statusOf = (kind: string, name: string) => workspace.engine.statuses.get({ kind, name })
      const waiting = statusOf('database', 'other')?.conditions.find(
        ({ type, reason: why }) => type === 'Waiting' && why === 'DiskShort',
      )
      expect(waiting).toMatchObject({
        status: 'true',
        message: expect.stringContaining('on the disk of elsewhere/other.db'),
      })
      expect(existsSync(world.path('elsewhere/other.db'))).toBe(false)
      expect(statusOf('machine', 'local')?.drift).toMatchObject([
        {
          path: 'disk-short.database other',
          severity: 'high',
          message: expect.stringContaining('What writes to database other waits'),
        },
      ])
      // The other database and the other place are not held up.
      expect(world.sets()).toHaveLength(1)
      expect(statusOf('backup', 'nightly')?.drift).toMatchObject([
        { path: 'to.elsewhere/sets/', message: expect.stringContaining('its disk is nearly full: less than 64 MB') },
      ])
    })
    execFileSync('mount', ['-o', 'remount,size=256m', elsewhere])
    world.later(25 * 3_600_000)
    await world.open(async ({ apply, workspace }) => {
      await apply()
      expect(existsSync(world.path('elsewhere/other.db'))).toBe(true)
      expect(workspace.engine.statuses.get({ kind: 'machine', name: 'local' })?.drift).toEqual([])
      expect(readdirSync(world.path('elsewhere/sets')).filter((name) => !name.startsWith('.'))).toHaveLength(1)
      expect(world.sets()).toHaveLength(2)
    })
  } finally {
    execFileSync('umount', ['-l', elsewhere])
    world.remove()
  }
})
