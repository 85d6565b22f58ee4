/** What people ask of imports beside the loop: the account of every row. Looks only; nothing is written. */
import type { DesiredState } from '../../desired/schema.ts'
import type { EffectContext } from '../../engine/kind.ts'
import { InvariantViolation, OperationalError } from '../../errors.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { type LookPorts, lookInThread } from './look-in-thread.ts'
import { type ImportReport, isAccounted } from './report.ts'
import { type ImportResource, listImports } from './spec.ts'

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
  }
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
