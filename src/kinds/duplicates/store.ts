/**
 * What looks at duplicates found, in a file of its own: the last full pass of each table, its pairs and groups, and what
 * changed since. Losing it costs another full pass, never a decision: those stand in {@link exclusionsFile}.
 */
import type Database from 'better-sqlite3'
import type { Edge } from '../../matching/cluster.ts'
import { openOwnFile } from '../../targets/sqlite/own-table.ts'

export const storeFile = 'duplicates.db'
export const exclusionsFile = 'not-duplicates.db'

const schema = `
CREATE TABLE IF NOT EXISTS passes (
  table_name TEXT PRIMARY KEY, spec_hash TEXT NOT NULL, place TEXT NOT NULL, seq INTEGER, rows INTEGER NOT NULL, matcher TEXT NOT NULL,
  index_file TEXT NOT NULL, excluded TEXT NOT NULL, at_ms INTEGER NOT NULL, candidates INTEGER NOT NULL, oversized INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS edges (
  table_name TEXT NOT NULL, one INTEGER NOT NULL, other INTEGER NOT NULL, confidence REAL NOT NULL, exact INTEGER NOT NULL,
  PRIMARY KEY (table_name, one, other)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edges_other ON edges (table_name, other);
CREATE TABLE IF NOT EXISTS groups (
  table_name TEXT NOT NULL, id TEXT NOT NULL, automatic INTEGER NOT NULL, confidence REAL NOT NULL, rule TEXT NOT NULL, size INTEGER NOT NULL,
  first INTEGER NOT NULL, sentence TEXT NOT NULL, fingerprint TEXT, PRIMARY KEY (table_name, id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS groups_order ON groups (table_name, automatic, rule, first);
CREATE TABLE IF NOT EXISTS members (
  table_name TEXT NOT NULL, row_id INTEGER NOT NULL, group_id TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (table_name, row_id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_group ON members (table_name, group_id);
CREATE INDEX IF NOT EXISTS members_key ON members (table_name, key);
CREATE TABLE IF NOT EXISTS touched (
  table_name TEXT NOT NULL, row_id INTEGER NOT NULL, PRIMARY KEY (table_name, row_id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS prints (
  table_name TEXT NOT NULL, key INTEGER NOT NULL, print INTEGER NOT NULL, row_id INTEGER NOT NULL,
  PRIMARY KEY (table_name, key, print, row_id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS prints_row ON prints (table_name, row_id);`

/** The last full pass over a table. */
export interface Pass {
  readonly specHash: string
  /** Which file was looked at. */
  readonly place: string
  /** Up to where in the change log the findings are true; null where the table has no log. */
  readonly seq: number | null
  readonly rows: number
  readonly matcher: string
  readonly indexFile: string
  /** Mark of the exclusions that the findings know. */
  readonly excluded: string
  readonly atMs: number
  readonly candidates: number
  readonly oversized: number
}

/** Records that are one, or may be. */
export interface Group {
  /** Hash of the members' keys. */
  readonly id: string
  /** Whether it is merged without asking, as far as the confidence goes. */
  readonly automatic: boolean
  /** Of the weakest link that holds it together. */
  readonly confidence: number
  /** The declared rule of its strongest pair; `likeness` where the evidence alone speaks. */
  readonly rule: string
  readonly members: readonly { readonly rowId: number; readonly key: string }[]
  /** Why its strongest pair is one. */
  readonly sentence: string
  /** Of the merge's changes; undefined where they have to be worked out. */
  readonly fingerprint: string | undefined
}

export interface DuplicateStore {
  pass(table: string): Pass | undefined
  /** Starts anew: drops all that is known of the table. */
  begin(table: string, pass: Pass, edges: Iterable<Edge>): void
  /** Moves the place up to which the findings are true. */
  advance(table: string, seq: number | null, excluded: string, rows: number): void
  edgesOf(table: string, rowIds: Iterable<number>): readonly Edge[]
  /** Replaces the edges of these rows. */
  replaceEdges(table: string, rowIds: Iterable<number>, edges: readonly Edge[]): void
  addGroups(table: string, groups: Iterable<Group>): void
  /** Drops the groups that these rows are members of; gives the rows of those groups. */
  dropGroupsOf(table: string, rowIds: Iterable<number>): ReadonlySet<number>
  groups(table: string, query: GroupQuery): readonly Group[]
  count(table: string, query: Omit<GroupQuery, 'limit' | 'after'>): { readonly groups: number; readonly losers: number }
  /** Rules that have automatic groups. */
  automaticRules(table: string): readonly string[]
  group(table: string, id: string): Group | undefined
  groupOfKey(table: string, key: string): Group | undefined
  keepFingerprint(table: string, id: string, fingerprint: string | undefined): void
  /** The merges are to be worked out anew, since they depend on something else now. */
  forgetFingerprints(table: string, specHash: string): void
  touch(table: string, rowId: number, prints: readonly { readonly key: number; readonly print: number }[]): void
  touchedCount(table: string): number
  isTouched(table: string, rowId: number): boolean
  touchedRows(table: string): readonly number[]
  touchedWith(table: string, key: number, print: number): readonly number[]
  /** Forgets what was found of all tables; gives how many passes there were. */
  clear(): number
  transaction<Result>(work: () => Result): Result
  /** All that is asked from now on is of one state, and takes no lock each time; until the store is closed. */
  holdState(): void
  close(): void
}

export interface GroupQuery {
  readonly automatic: boolean
  readonly rule?: string | undefined
  readonly limit: number
  /** How many to pass over. */
  readonly after?: number
}

interface GroupRowOf {
  readonly id: string
  readonly automatic: number
  readonly confidence: number
  readonly rule: string
  readonly sentence: string
  readonly fingerprint: string | null
}

/** Opens the store, making it where it is not there; `:memory:` for one that is forgotten. */
export function openDuplicateStore(path: string): DuplicateStore {
  // What a crash takes is found again by the next look.
  const db = openOwnFile(path, { schema, synchronous: 'NORMAL', busyMs: 10_000 })
  db.pragma('secure_delete = ON')
  return storeOver(db)
}

function storeOver(db: Database.Database): DuplicateStore {
  const tables = ['edges', 'groups', 'members', 'touched', 'prints'] as const
  // Indexes are named: SQLite takes the rows of one table for few, and would rather read all of them each time.
  // These two are asked for every record that is compared.
  const touchedRow = db.prepare<[string, number]>('SELECT 1 FROM touched WHERE table_name = ? AND row_id = ?')
  const rowsWithPrint = db
    .prepare<[string, number, number], number>(
      'SELECT row_id FROM prints WHERE table_name = ? AND key = ? AND print = ?',
    )
    .pluck()
  const passOf = db.prepare<[string], Pass>(
    `SELECT spec_hash AS specHash, place, seq, rows, matcher, index_file AS indexFile, excluded, at_ms AS atMs, candidates, oversized
       FROM passes WHERE table_name = ?`,
  )
  const edgesOfRow = db.prepare<[string, number, string, number], Edge>(
    `SELECT one, other, confidence, exact FROM edges WHERE table_name = ? AND one = ?
     UNION ALL SELECT one, other, confidence, exact FROM edges INDEXED BY edges_other WHERE table_name = ? AND other = ?`,
  )
  const putEdge = db.prepare('INSERT OR REPLACE INTO edges VALUES (?, ?, ?, ?, ?)')
  const dropEdgesOfOne = db.prepare('DELETE FROM edges WHERE table_name = ? AND one = ?')
  const dropEdgesOfOther = db.prepare('DELETE FROM edges INDEXED BY edges_other WHERE table_name = ? AND other = ?')
  const putGroup = db.prepare('INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const putMember = db.prepare('INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?)')
  const membersOf = db.prepare<[string, string], { rowId: number; key: string }>(
    'SELECT row_id AS rowId, key FROM members INDEXED BY members_group WHERE table_name = ? AND group_id = ? ORDER BY row_id',
  )
  const groupOfRow = db
    .prepare<[string, number], string>('SELECT group_id FROM members WHERE table_name = ? AND row_id = ?')
    .pluck()
  const groupColumns = 'id, automatic, confidence, rule, sentence, fingerprint'
  const oneGroup = db.prepare<[string, string], GroupRowOf>(
    `SELECT ${groupColumns} FROM groups WHERE table_name = ? AND id = ?`,
  )
  const groupOf = (table: string, row: GroupRowOf): Group => ({
    ...row,
    automatic: row.automatic === 1,
    fingerprint: row.fingerprint ?? undefined,
    members: membersOf.all(table, row.id),
  })
  // Without an OR, which would keep SQLite from the index that has the groups of a rule in order.
  const matching = ({ rule }: Pick<GroupQuery, 'rule'>) =>
    `table_name = @table AND automatic = @automatic${rule === undefined ? '' : ' AND rule = @rule'}`
  const parameters = (table: string, { automatic, rule }: Omit<GroupQuery, 'limit'>) => ({
    table,
    automatic: automatic ? 1 : 0,
    ...(rule === undefined ? {} : { rule }),
  })
  const put = (table: string, { one, other, confidence, exact }: Edge) =>
    putEdge.run(table, Math.min(one, other), Math.max(one, other), confidence, exact ?? 0)

  return {
    pass: (table) => passOf.get(table),
    begin(table, pass, edges) {
      for (const name of tables) db.prepare(`DELETE FROM ${name} WHERE table_name = ?`).run(table)
      db.prepare('INSERT OR REPLACE INTO passes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
        ...[table, pass.specHash, pass.place, pass.seq, pass.rows, pass.matcher, pass.indexFile, pass.excluded],
        ...[Math.round(pass.atMs), pass.candidates, pass.oversized],
      )
      for (const edge of edges) put(table, edge)
    },
    advance(table, seq, excluded, rows) {
      db.prepare('UPDATE passes SET seq = ?, excluded = ?, rows = ? WHERE table_name = ?').run(
        seq,
        excluded,
        rows,
        table,
      )
    },
    edgesOf: (table, rowIds) => [...rowIds].flatMap((rowId) => edgesOfRow.all(table, rowId, table, rowId)),
    replaceEdges(table, rowIds, edges) {
      for (const rowId of rowIds) {
        dropEdgesOfOne.run(table, rowId)
        dropEdgesOfOther.run(table, rowId)
      }
      for (const edge of edges) put(table, edge)
    },
    addGroups(table, groups) {
      for (const group of groups) {
        const first = group.members[0]?.rowId ?? 0
        const { id, automatic, confidence, rule, members, sentence, fingerprint } = group
        putGroup.run(
          ...[table, id, automatic ? 1 : 0, confidence, rule, members.length, first, sentence, fingerprint ?? null],
        )
        for (const { rowId, key } of members) putMember.run(table, rowId, id, key)
      }
    },
    dropGroupsOf(table, rowIds) {
      const rows = new Set<number>()
      for (const rowId of rowIds) {
        const id = groupOfRow.get(table, rowId)
        if (id === undefined) continue
        for (const member of membersOf.all(table, id)) rows.add(member.rowId)
        db.prepare('DELETE FROM members INDEXED BY members_group WHERE table_name = ? AND group_id = ?').run(table, id)
        db.prepare('DELETE FROM groups WHERE table_name = ? AND id = ?').run(table, id)
      }
      return rows
    },
    groups(table, query) {
      // What is merged goes by place, so that evidence has one order; what waits, the surest first.
      const order = query.automatic ? 'first, id' : 'confidence DESC, first, id'
      return db
        .prepare<[object], GroupRowOf>(
          `SELECT ${groupColumns} FROM groups WHERE ${matching(query)} ORDER BY ${order} LIMIT @limit OFFSET @after`,
        )
        .all({ ...parameters(table, query), limit: query.limit, after: query.after ?? 0 })
        .map((row) => groupOf(table, row))
    },
    count(table, query) {
      const row = db
        .prepare<[object], { groups: number; losers: number }>(
          `SELECT count(*) AS groups, coalesce(sum(size - 1), 0) AS losers FROM groups WHERE ${matching(query)}`,
        )
        .get(parameters(table, query))
      return row ?? { groups: 0, losers: 0 }
    },
    automaticRules: (table) =>
      db
        .prepare<[string], string>(
          'SELECT DISTINCT rule FROM groups WHERE table_name = ? AND automatic = 1 ORDER BY rule',
        )
        .pluck()
        .all(table),
    group(table, id) {
      const row = oneGroup.get(table, id)
      return row === undefined ? undefined : groupOf(table, row)
    },
    groupOfKey(table, key) {
      const id = db
        .prepare<[string, string], string>(
          'SELECT group_id FROM members INDEXED BY members_key WHERE table_name = ? AND key = ?',
        )
        .pluck()
        .get(table, key)
      const row = id === undefined ? undefined : oneGroup.get(table, id)
      return row === undefined ? undefined : groupOf(table, row)
    },
    keepFingerprint(table, id, fingerprint) {
      db.prepare('UPDATE groups SET fingerprint = ? WHERE table_name = ? AND id = ?').run(
        fingerprint ?? null,
        table,
        id,
      )
    },
    forgetFingerprints(table, specHash) {
      db.prepare('UPDATE groups SET fingerprint = NULL WHERE table_name = ?').run(table)
      db.prepare('UPDATE passes SET spec_hash = ? WHERE table_name = ?').run(specHash, table)
    },
    touch(table, rowId, prints) {
      db.prepare('INSERT OR IGNORE INTO touched VALUES (?, ?)').run(table, rowId)
      db.prepare('DELETE FROM prints INDEXED BY prints_row WHERE table_name = ? AND row_id = ?').run(table, rowId)
      const add = db.prepare('INSERT OR IGNORE INTO prints VALUES (?, ?, ?, ?)')
      for (const { key, print } of prints) add.run(table, key, print, rowId)
    },
    touchedCount: (table) =>
      db.prepare<[string], number>('SELECT count(*) FROM touched WHERE table_name = ?').pluck().get(table) ?? 0,
    isTouched: (table, rowId) => touchedRow.get(table, rowId) !== undefined,
    touchedRows: (table) =>
      db.prepare<[string], number>('SELECT row_id FROM touched WHERE table_name = ?').pluck().all(table),
    touchedWith: (table, key, print) => rowsWithPrint.all(table, key, print),
    clear() {
      for (const name of tables) db.exec(`DELETE FROM ${name}`)
      return db.prepare('DELETE FROM passes').run().changes
    },
    transaction: (work) => db.transaction(work).immediate(),
    holdState: () => {
      db.exec('BEGIN')
    },
    close: () => db.close(),
  }
}
