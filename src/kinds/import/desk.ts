/** What people ask of imports beside the loop: the account of every row, and what else could be imported. Nothing is written. */
import { relative, resolve, sep } from 'node:path'
import type { DesiredState } from '../../desired/schema.ts'
import type { EffectContext } from '../../engine/kind.ts'
import { InvariantViolation, OperationalError } from '../../errors.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { type DiscoverSettings, discoverSources, type FoundSource, type PassedOver } from './discover.ts'
import type { Mapping } from './mapping.ts'
import {
  countsOf,
  nameFor,
  type Proposal,
  type ProposedCounts,
  type ProposedEntry,
  proposalYaml,
  sourceShown,
} from './proposal.ts'
import { type ImportReport, isAccounted } from './report.ts'
import { type ImportResource, type IntoTable, intoOf, listImports, rolesOf } from './spec.ts'
import { type LookPorts, lookInThread } from './threaded-look.ts'
import { findFiles } from './workspace-files.ts'

/** The account of one import. */
export interface NamedReport extends ImportReport {
  readonly name: string
  /** The table that is imported into. */
  readonly into: string
  /** `database.table`, or the pattern of the files. */
  readonly source: string
}

export interface ImportDesk {
  /** The declared imports. */
  names(): readonly string[]
  /**
   * Accounts for every row of an import's source as it is now, and lists up to `listedMax` rows of each outcome. Throws
   * NOT_FOUND for an unknown name, SOURCE_UNREADABLE where the source cannot be read, and DATABASE_*.
   */
  report(name: string, options: { readonly listedMax: number }, context: EffectContext): Promise<NamedReport>
  /**
   * Looks below a folder for what could be imported into a table, and says what each source would do. Throws USAGE for a
   * folder that cannot be looked through, NOT_FOUND for an unknown table.
   */
  discover(folder: string, options: { readonly into: string | undefined }, context: EffectContext): Promise<Discovery>
}

export interface Discovery {
  readonly into: string
  readonly proposals: readonly Proposal[]
  readonly passedOver: readonly PassedOver[]
  /** Entries to paste into the desired state; empty where nothing new was found. */
  readonly yaml: string
}

export interface ImportDeskPorts extends LookPorts {
  /** Folder of the desired state, absolute. */
  readonly workspace: string
  /** The desired state in force. */
  readonly state: () => DesiredState
}

/** Makes the desk of one workspace. */
export function createImportDesk(ports: ImportDeskPorts): ImportDesk {
  const declared = () => listImports(ports.state(), { workspace: ports.workspace, rules: standardizeRules })
  return {
    names: () => declared().map(({ key }) => key.name),
    async report(name, { listedMax }, context) {
      const found = declared().find(({ key }) => key.name === name)
      if (found === undefined)
        throw unknownImport(
          name,
          declared().map(({ key }) => key.name),
        )
      return reportOf(found.spec, listedMax, context, ports)
    },
    async discover(folder, { into }, context) {
      const desired = ports.state()
      const settings = {
        folder: resolve(folder),
        workspace: ports.workspace,
        into: intoOfTable(desired, into, ports.workspace),
        databases: new Map(
          Object.entries(desired.databases).map(([name, { path }]) => [name, resolve(ports.workspace, path)]),
        ),
      }
      const { found, passedOver } = await discoverSources(settings, ports)
      const names = new Set(declared().map(({ key }) => key.name))
      const entries: ProposedEntry[] = []
      for (const one of found) {
        const entry = await proposed(
          one,
          { ...settings, declared: declared().map(({ spec }) => spec), names },
          context,
          ports,
        )
        names.add(entry.proposal.name)
        entries.push(entry)
      }
      return {
        into: settings.into.name,
        proposals: entries.map(({ proposal }) => proposal),
        passedOver,
        yaml: proposalYaml(entries, rolesOf(settings.into).raw !== undefined),
      }
    },
  }
}

/** The table that found sources would go into: the one that is named, `leads`, or the only one. */
function intoOfTable(desired: DesiredState, wanted: string | undefined, workspace: string): IntoTable {
  const tables = Object.keys(desired.tables)
  const name = wanted ?? (tables.includes('leads') ? 'leads' : tables.length === 1 ? tables[0] : undefined)
  const table = name === undefined ? undefined : desired.tables[name]
  const database = table === undefined ? undefined : desired.databases[table.database]
  if (name === undefined || table === undefined || database === undefined) {
    throw new OperationalError(
      'NOT_FOUND',
      name === undefined ? 'no table is named to import into' : `there is no table ${name}`,
      {
        hint: tables.length === 0 ? 'Declare a table first.' : `Name one with --into: ${tables.join(', ')}.`,
      },
    )
  }
  return intoOf(name, table, resolve(workspace, database.path), standardizeRules)
}

interface ProposeSettings extends DiscoverSettings {
  readonly declared: readonly ImportResource[]
  readonly names: ReadonlySet<string>
}

/** A found source with what it would do; one that cannot be read to its end says so. */
async function proposed(
  found: FoundSource,
  { workspace, into, databases, declared, names }: ProposeSettings,
  context: EffectContext,
  ports: LookPorts,
): Promise<ProposedEntry> {
  const { source, confidence, mapping, statusWords } = found
  const known = declared.find((one) => one.into.name === into.name && covers(one.source, source))
  const name = known?.name ?? nameFor(found, names)
  const spec: ImportResource = known ?? { name, source, into, map: {} }
  const looked = await countedLook(spec, context, ports)
  const outside = isOutside(source, workspace)
    ? 'it lies outside of the workspace; copy it into a folder of the workspace to import it'
    : null
  const isNew = source.is === 'database' && !databases.has(source.database)
  const { mapped, unmapped } = looked.is === 'counted' ? looked.mapping : mapping
  return {
    proposal: {
      name,
      source: sourceShown(source, workspace),
      into: into.name,
      confidence,
      declaredAs: known?.name ?? null,
      problem: looked.is === 'unread' ? looked.reason : outside,
      counts: looked.is === 'counted' ? looked.counts : null,
      mapped: [...mapped],
      unmapped: [...unmapped],
      statusWords,
    },
    from: source,
    newDatabase: isNew
      ? { name: source.database, path: relative(workspace, source.path).split(sep).join('/') }
      : undefined,
  }
}

type CountedLook =
  | { readonly is: 'counted'; readonly counts: ProposedCounts; readonly mapping: Pick<Mapping, 'mapped' | 'unmapped'> }
  | { readonly is: 'unread'; readonly reason: string }

async function countedLook(spec: ImportResource, context: EffectContext, ports: LookPorts): Promise<CountedLook> {
  try {
    const output = await lookInThread(spec, {}, context, ports)
    if (output.is !== 'looked') throw new InvariantViolation('a look without a signature looks')
    return { is: 'counted', counts: countsOf(output.state), mapping: output.state.mapping }
  } catch (error) {
    if (!(error instanceof OperationalError) || context.signal.aborted) throw error
    return { is: 'unread', reason: error.message }
  }
}

/** Whether a declared source holds everything of another. */
function covers(declared: ImportResource['source'], found: ImportResource['source']): boolean {
  if (declared.is === 'database')
    return found.is === 'database' && declared.path === found.path && declared.table === found.table
  if (found.is === 'database') return false
  const own = new Set(findFiles(declared).files.map(({ absolute }) => absolute))
  return findFiles(found).files.every(({ absolute }) => own.has(absolute))
}

function isOutside(source: ImportResource['source'], workspace: string): boolean {
  const at = source.is === 'files' ? source.workspace : source.path
  return relative(workspace, at).startsWith('..')
}

async function reportOf(
  spec: ImportResource,
  listedMax: number,
  context: EffectContext,
  ports: LookPorts,
): Promise<NamedReport> {
  const output = await lookInThread(spec, { report: { listedMax } }, context, ports)
  if (output.is !== 'reported') throw new InvariantViolation('a thread that is asked for a report gives one')
  const { report } = output
  if (!isAccounted(report)) throw new InvariantViolation(`not every row of the import ${spec.name} is accounted for`)
  return { name: spec.name, into: spec.into.name, source: sourceText(spec), ...report }
}

function sourceText({ source }: ImportResource): string {
  return source.is === 'files' ? source.pattern : `${source.database}.${source.table}`
}

function unknownImport(name: string, known: readonly string[]): OperationalError {
  return new OperationalError('NOT_FOUND', `there is no import ${name}`, {
    hint:
      known.length === 0
        ? 'None is declared; `trueup import --discover DIR` proposes some.'
        : `Declared are: ${known.join(', ')}`,
  })
}
