/** What the commands on leads share: which table they mean, how it is opened, and the filters that are typed. */
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { type LeadFilter, parseFilter } from '../../leads/filter.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import { systemRandom } from '../../random.ts'
import { leadsOf } from '../../workspace/lead-access.ts'
import type { CommonOptions } from '../command.ts'
import { withWorkspace } from '../workspace.ts'

export interface LeadOptions extends CommonOptions {
  readonly table: string
}

/** Opens the repository of a table for reading. */
export function reading<const Result>(
  options: LeadOptions,
  work: (repository: LeadRepository) => Promise<Result>,
): Promise<Result> {
  return withWorkspace(options, 'look', async (workspace) => {
    const leads = leadsOf(workspace, { clock: systemClock, random: systemRandom })
    try {
      return await work(repositoryOf(leads, options.table))
    } finally {
      await leads.close()
    }
  })
}

/** The repository of a declared table. Throws NOT_FOUND. */
export function repositoryOf(leads: ReturnType<typeof leadsOf>, table: string): LeadRepository {
  const repository = leads.of(table)
  if (repository === undefined)
    throw new OperationalError('NOT_FOUND', `no table is named ${table}`, {
      hint: `Declared are: ${leads.tables.join(', ')}`,
    })
  return repository
}

/** A filter as it is given on the command line. Throws USAGE. */
export function filterOf({ table }: LeadRepository, text: string): LeadFilter {
  const parsed = parseFilter(table, parseJson('--filter', text))
  if (parsed.is === 'filter') return parsed.filter
  throw new OperationalError(
    'USAGE',
    `--filter: ${parsed.problems.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`,
  )
}

/** JSON as it is given on the command line. Throws USAGE. */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OperationalError('USAGE', `${what}: not JSON`, {
      cause: error,
      hint: `Quote it for the shell, for example '{"title":"CTO"}'.`,
    })
  }
}
