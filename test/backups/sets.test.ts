/** Sets of backups, looked at from outside: what is in them, what damages them, who can read them, when they go. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { requestUndo } from '../../src/engine/undo-request.ts'
import { contentOf } from '../../src/targets/backup/content.ts'
import { manifestName, readManifest, writeManifest } from '../../src/targets/backup/manifest.ts'
import { readSet } from '../../src/targets/backup/sets.ts'
import { findSet, restoreInto, verifyWith } from '../../src/workspace/restore-set.ts'
import {
  type BackupWorld,
  type BackupWorldOptions,
  createBackupWorld,
  filesWith,
  quietContext,
} from '../support/backup-world.ts'
import { python } from '../support/python.ts'
import { runPython } from '../support/run-python.ts'

const worlds: BackupWorld[] = []
const fresh = (options?: BackupWorldOptions): BackupWorld => {
  const world = createBackupWorld(options)
  worlds.push(world)
  return world
}
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove()
})

const hourMs = 3_600_000

const driftOf = (world: BackupWorld) =>
  world.open(async ({ workspace, apply }) => {
    await apply()
    return workspace.engine.statuses.get({ kind: 'backup', name: 'nightly' })
  })

describe('a declared backup', () => {
  test('has its first set at once, verified, readable by nobody else, and then none before it is due', async () => {
    const world = fresh()
    await world.open(async ({ apply, workspace }) => {
      await apply()
      const [id = ''] = world.sets()
      expect(world.sets()).toHaveLength(1)
      const files = readdirSync(world.path(`backups/${id}`))
      expect(files).toEqual(['_desired-state.yaml.gz', '_journal.db.gz', 'main.db.gz', 'manifest.json'])
      for (const file of files) expect(statSync(world.path(`backups/${id}/${file}`)).mode & 0o777).toBe(0o600)
      expect(statSync(world.path(`backups/${id}`)).mode & 0o777).toBe(0o700)
      expect(readdirSync(world.path('.trueup/scratch'))).toEqual([])
      const again = await apply()
      expect(again.executed).toEqual([])
      expect(workspace.engine.statuses.get({ kind: 'backup', name: 'nightly' })?.drift).toEqual([])
    })
    world.later(25 * hourMs)
    await world.open(async ({ apply }) => void (await apply()))
    expect(world.sets()).toHaveLength(2)
    // The heads that were signed when the first day ended.
    expect(readdirSync(world.path(`backups/${world.sets()[1]}`))).toContain('_audit.heads.gz')
  })

  test('is consistent while Python programs write: each of their transactions is in it whole, or absent', async () => {
    const world = fresh()
    world.sql('CREATE TABLE debit (n INTEGER, writer TEXT); CREATE TABLE credit (n INTEGER, writer TEXT)')
    const writer = `
db = sqlite3.connect(sys.argv[1], timeout=30)
say('ready')
n = 0
while not os.path.exists(sys.argv[3]):
    n += 1
    with db:
        db.execute('INSERT INTO debit VALUES (?, ?)', (n, sys.argv[2]))
        db.execute('UPDATE leads SET full_name = ? WHERE id = ?', (str(n), 'bob'))
        db.execute('INSERT INTO credit VALUES (?, ?)', (n, sys.argv[2]))
say(n)
`
    const stop = world.path('stop')
    const programs = ['a', 'b'].map((name) => python(writer, world.path('data/leads.db'), name, stop))
    await Promise.all(programs.map((program) => program.line()))
    await world.open(async ({ port, workspace }) => {
      for (const round of [1, 2]) {
        const made = await port.create({ name: 'nightly', actor: 'test' })
        if (made.is !== 'created') throw new Error(JSON.stringify(made))
        expect(made.set.verifiedHow).toBe('restored')
        const into = world.path(`restored-${round}`)
        await restoreInto(workspace, { path: made.set.paths[0] ?? '', into, identities: [] }, quietContext)
        // As any program opens it, without Trueup.
        const torn = runPython(
          `import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute('PRAGMA integrity_check').fetchone()[0], db.execute('SELECT count(*) > 0 FROM debit').fetchone()[0])
print(db.execute('SELECT count(*) FROM (SELECT * FROM debit EXCEPT SELECT * FROM credit UNION ALL SELECT * FROM credit EXCEPT SELECT * FROM debit)').fetchone()[0])
print(db.execute('SELECT count(*) - count(DISTINCT n || writer) FROM debit').fetchone()[0])`,
          { args: [join(into, 'main.db')] },
        )
        expect(torn.trim().split('\n')).toEqual(['ok 1', '0', '0'])
      }
    })
    writeFileSync(stop, '')
    // SQLite is not fair: one of two programs may get its turn seldom.
    const written = await Promise.all(programs.map(async (program) => Number(await program.line())))
    expect(Math.min(...written)).toBeGreaterThan(0)
    expect(written.reduce((sum, one) => sum + one)).toBeGreaterThan(20)
    await Promise.all(programs.map((program) => program.ended()))
  })

  test('in which a byte was changed, lost or added is found damaged, with the file named; it counts for nothing', async () => {
    const world = fresh()
    await world.open(async ({ apply, workspace }) => {
      await apply()
      const [id = ''] = world.sets()
      const verify = () => verifyWith(workspace, { id, identities: [] }, quietContext)
      expect(await verify()).toEqual({ verified: true, how: 'restored', problems: [] })
      const folder = world.path(`backups/${id}`)
      for (const file of readdirSync(folder)) {
        const path = join(folder, file)
        const bytes = readFileSync(path)
        const damages: (() => void)[] = [
          ...[0, Math.floor(bytes.length / 2)].map((at) => () => {
            const changed = Buffer.from(bytes)
            changed[at] = (changed[at] ?? 0) ^ 0x10
            writeFileSync(path, changed)
          }),
          () => truncateSync(path, bytes.length - 1),
          () => rmSync(path),
        ]
        for (const damage of damages) {
          damage()
          const found = await verify()
          expect(found.verified).toBe(false)
          expect(found.problems.join()).toContain(file)
          writeFileSync(path, bytes, { mode: 0o600 })
        }
      }
      writeFileSync(join(folder, 'stranger'), '')
      expect((await verify()).problems.join()).toContain('stranger')
      rmSync(join(folder, 'stranger'))
      expect(await verify()).toMatchObject({ verified: true })
      truncateSync(join(folder, 'main.db.gz'), 10)
      await expect(
        restoreInto(workspace, { path: folder, into: world.path('out'), identities: [] }, quietContext),
      ).rejects.toMatchObject({ code: 'BACKUP_DAMAGED', message: expect.stringContaining('main.db.gz') })
      expect(existsSync(world.path('out'))).toBe(false)
    })
    // Another set takes its place, and the damaged one is told.
    const status = await driftOf(world)
    expect(status?.drift.map(({ path }) => path)).toEqual([expect.stringContaining('sets.nightly-')])
    expect(world.sets()).toHaveLength(2)
  })

  test('of an earlier version, packed in one piece and hashed in the older form, is verified and restored', async () => {
    const world = fresh()
    // Large enough to be checked and hashed on threads of their own.
    world.sql(`CREATE TABLE ballast (text TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) INSERT INTO ballast SELECT hex(zeroblob(500000)) FROM n`)
    await world.open(async ({ apply, workspace }) => {
      await apply()
      const [id = ''] = world.sets()
      const folder = world.path(`backups/${id}`)
      const manifest = readManifest(readFileSync(join(folder, manifestName), 'utf8'))
      const older = manifest.members.map((member) => {
        const plain = gunzipSync(readFileSync(join(folder, member.file)))
        const packed = gzipSync(plain)
        writeFileSync(join(folder, member.file), packed)
        const bytes = { bytes: packed.length, sha256: createHash('sha256').update(packed).digest('hex') }
        if (member.tables.length === 0) return { ...member, ...bytes }
        expect(member.tables.map(({ form }) => form)).toContain('json')
        writeFileSync(world.path('plain.db'), plain)
        return { ...member, ...bytes, tables: contentOf(world.path('plain.db'), []) }
      })
      expect(older.flatMap(({ tables }) => tables.flatMap(({ form }) => form ?? []))).toEqual([])
      const write = (members: typeof older) =>
        writeFileSync(join(folder, manifestName), writeManifest({ ...manifest, members }))
      write(older)
      const verify = () => verifyWith(workspace, { id, identities: [] }, quietContext)
      expect(await verify()).toEqual({ verified: true, how: 'restored', problems: [] })
      await restoreInto(workspace, { path: folder, into: world.path('out'), identities: [] }, quietContext)
      expect(world.rows(world.path('out/main.db'), 'SELECT count(*), sum(length(text)) FROM ballast')).toEqual([
        [20, 20_000_000],
      ])
      // A manifest that tells of other rows than the file holds, sealed as it should be.
      const [hash = ''] = older.flatMap(({ tables }) =>
        tables.flatMap(({ name, sha256 }) => (name === 'leads' ? sha256 : [])),
      )
      write(
        JSON.parse(
          JSON.stringify(older).replace(
            hash,
            hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
          ),
        ),
      )
      expect((await verify()).problems.join()).toContain('main.db.gz: table leads has 2 rows or other values')
    })
  })

  test('of a database that SQLite finds broken is kept and not called verified', async () => {
    const world = fresh()
    world.sql(
      'CREATE INDEX by_name ON leads (full_name); PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE',
    )
    const file = world.path('data/leads.db')
    const [[root] = []] = world
      .rows(file, "SELECT rootpage FROM sqlite_schema WHERE name = 'by_name'")
      .map((row) => z.array(z.number()).parse(row))
    const [[pageSize] = []] = world.rows(file, 'PRAGMA page_size').map((row) => z.array(z.number()).parse(row))
    const bytes = readFileSync(file)
    bytes.write('Bib', bytes.indexOf('Bob', ((root ?? 0) - 1) * (pageSize ?? 0)))
    writeFileSync(file, bytes)
    const status = await driftOf(world)
    const [id = ''] = world.sets()
    expect(readSet(world.path('backups'), id)).toMatchObject({ problem: undefined, verified: undefined })
    expect(status?.drift.map(({ path }) => path)).toEqual(['verified'])
    await world.open(async ({ workspace }) => {
      const { problems } = await verifyWith(workspace, { id, identities: [] }, quietContext)
      expect(problems.join()).toMatch(/main: .*by_name/)
    })
  })

  test('that cannot be written says so, is written where it can be, and is no more than drift where there is nowhere', async () => {
    const world = fresh({ backup: 'to: [backups/, other/, "s3://bucket/prefix"]' })
    writeFileSync(world.path('other'), 'a file')
    const status = await driftOf(world)
    expect(status?.drift.map(({ path, severity }) => [path, severity])).toEqual([
      ['to.other/', 'high'],
      ['to.s3://bucket/prefix', 'high'],
    ])
    const [first] = world.sets()
    expect(world.sets()).toHaveLength(1)
    rmSync(world.path('other'))
    expect((await driftOf(world))?.drift.map(({ path }) => path)).toEqual(['to.s3://bucket/prefix'])
    const later = world.sets().filter((id) => id !== first)
    expect(later).toHaveLength(1)
    expect(readdirSync(world.path('other')).filter((name) => !name.startsWith('.'))).toEqual(later)

    const nowhere = fresh({ backup: 'to: ["s3://bucket/prefix"]' })
    expect((await driftOf(nowhere))?.drift.map(({ path }) => path)).toEqual(['to.s3://bucket/prefix'])
    expect(existsSync(nowhere.path('backups'))).toBe(false)
  })
})

describe('an encrypted backup', () => {
  test('shows nothing without its key, is verified as far as goes without, and opens with age alone', async () => {
    const identity = await generateIdentity()
    const recipient = await identityToRecipient(identity)
    const world = fresh({
      backup: `to: [backups/]\n    encryptTo: [{ env: BACKUP_AGE_RECIPIENT }]`,
      environment: { BACKUP_AGE_RECIPIENT: recipient },
    })
    await world.open(async ({ port, workspace }) => {
      const made = await port.create({ name: null, actor: 'test' })
      if (made.is !== 'created') throw new Error(JSON.stringify(made))
      expect(made.set).toMatchObject({ encrypted: true, verifiedHow: 'without-key' })
      const [folder = ''] = made.set.paths
      expect(filesWith(world.path('backups'), 'forgettable')).toEqual([])
      const stored = readFileSync(join(folder, 'main.db.gz.age'))
      expect(stored.toString('latin1', 0, 22)).toBe('age-encryption.org/v1\n')
      expect(stored.toString('latin1').match(/^-> X25519 /gm)).toHaveLength(1)
      expect(readdirSync(world.path('.trueup/scratch'))).toEqual([])

      const restore = (identities: readonly string[]) =>
        restoreInto(workspace, { path: folder, into: world.path('restored'), identities }, quietContext)
      const needed = { code: 'BACKUP_KEY_NEEDED', hint: expect.stringContaining('key') }
      await expect(restore([])).rejects.toMatchObject(needed)
      const wrong = await generateIdentity()
      await expect(restore([wrong])).rejects.toMatchObject(needed)
      await expect(verifyWith(workspace, { id: made.set.id, identities: [wrong] }, quietContext)).rejects.toMatchObject(
        needed,
      )
      expect(existsSync(world.path('restored'))).toBe(false)

      expect(await verifyWith(workspace, { id: made.set.id, identities: [identity] }, quietContext)).toMatchObject({
        verified: true,
        how: 'restored',
      })
      expect(findSet(workspace, made.set.id).set.verified?.how).toBe('restored')
      await restore([identity])
      expect(world.rows(world.path('restored/main.db'), 'SELECT count(*) FROM leads')).toEqual([[2]])

      // A program that knows nothing of Trueup: the official library, gunzip, and sqlite3 of Python.
      const script = `
        import { Decrypter } from ${JSON.stringify(import.meta.resolve('age-encryption'))}
        import { readFileSync, writeFileSync } from 'node:fs'
        import { gunzipSync } from 'node:zlib'
        const decrypter = new Decrypter()
        decrypter.addIdentity(process.argv[1])
        writeFileSync(process.argv[3], gunzipSync(await decrypter.decrypt(readFileSync(process.argv[2]))))`
      const plain = world.path('plain.db')
      execFileSync(process.execPath, [
        '--input-type=module',
        '-e',
        script,
        identity,
        join(folder, 'main.db.gz.age'),
        plain,
      ])
      const count = `import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM leads').fetchone()[0])`
      expect(runPython(count, { args: [plain] })).toBe('2\n')
    })
  })

  test('is never made unencrypted in its place, and no key shows in what is said', async () => {
    const identity = await generateIdentity()
    for (const [environment, code] of [
      [{}, 'REFERENCE_UNRESOLVED'],
      [{ BACKUP_AGE_RECIPIENT: identity }, 'BACKUP_RECIPIENT_INVALID'],
    ] as const) {
      const world = fresh({ backup: `to: [backups/]\n    encryptTo: [{ env: BACKUP_AGE_RECIPIENT }]`, environment })
      const refused = await world.open(({ port }) => port.create({ name: null, actor: 'test' }))
      expect(refused).toMatchObject({ is: 'refused', error: { code } })
      expect(JSON.stringify(refused)).not.toContain(identity)
      expect(existsSync(world.path('backups')) ? world.sets() : []).toEqual([])
    }
  })
})

describe('sets that are older than is kept', () => {
  test('are put aside, come back by undo, and go for good after two days', async () => {
    const world = fresh({ backup: 'to: [backups/]\n    keep: { daily: 2, weekly: 0 }' })
    for (let day = 0; day < 5; day += 1) {
      await world.open(async ({ apply }) => void (await apply()))
      world.later(24 * hourMs)
    }
    expect(world.sets()).toHaveLength(2)
    // Of the three that had to go, one went more than two days ago.
    expect(readdirSync(world.path('backups/.pruned'))).toHaveLength(2)

    await world.open(async ({ workspace }) => {
      const { signal } = quietContext
      const [newest] = workspace.engine.ledger
        .records({ states: ['verified'], resource: 'backup/nightly', limit: 100 })
        .filter(({ action }) => action.verb === 'prune')
      const id = newest?.action.id ?? ''
      expect(await requestUndo({ of: { is: 'id', id }, actor: 'local:me', signal }, workspace.engine)).toMatchObject([
        { is: 'undone' },
      ])
      expect(world.sets()).toHaveLength(3)
      const [left] = readdirSync(world.path('backups/.pruned'))
      expect(world.sets()).not.toContain(left)
    })
  })
})

test('a place without room ends in DISK_FULL and leaves nothing behind', async (context) => {
  // Else nothing would be begun there.
  const world = fresh({ more: 'policy: { disk: { freeMin: 0B, ballast: 0B } }\n' })
  const folder = world.path('backups')
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8192', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return context.skip('a small tmpfs cannot be mounted here')
  }
  try {
    const refused = await world.open(({ port }) => port.create({ name: null, actor: 'test' }))
    expect(refused).toMatchObject({ is: 'refused', error: { code: 'DISK_FULL' } })
    expect(readdirSync(folder)).toEqual([])
    expect(readdirSync(world.path('.trueup/scratch'))).toEqual([])
  } finally {
    execFileSync('umount', ['-l', folder])
  }
})
