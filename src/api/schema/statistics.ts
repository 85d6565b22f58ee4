/** Figures of the declared tables. */
import type { LeadStatistics } from '../../leads/statistics/layout.ts'
import { type Builder, requires } from './builder.ts'
import type { Repositories } from './context.ts'

export function addStatistics(builder: Builder, repositories: Repositories) {
  type Filled = LeadStatistics['filled'][number] & { readonly total: number }
  const Fill = builder.objectRef<Filled>('FieldFill').implement({
    description: 'How many records have a field filled.',
    fields: (t) => ({
      field: t.exposeString('field'),
      count: t.exposeInt('count'),
      percent: t.float({
        resolve: ({ count, total }) => (total === 0 ? 100 : Math.round((count / total) * 1000) / 10),
      }),
    }),
  })
  const Spread = builder.objectRef<LeadStatistics['spread'][number]>('ValueCount').implement({
    description: 'How many records have a value; null counts empty ones.',
    fields: (t) => ({
      field: t.exposeString('field'),
      value: t.exposeString('value', { nullable: true }),
      count: t.exposeInt('count'),
    }),
  })
  const Statistics = builder.objectRef<LeadStatistics & { readonly table: string }>('Statistics').implement({
    description: 'Figures of one declared table.',
    fields: (t) => ({
      table: t.exposeString('table'),
      total: t.exposeInt('total'),
      filled: t.field({
        type: [Fill],
        resolve: ({ filled, total }) => filled.map((one) => ({ ...one, total })),
      }),
      values: t.field({ type: [Spread], resolve: ({ spread }) => [...spread] }),
    }),
  })
  builder.queryField('statistics', (t) =>
    t.field({
      ...requires('leads.read'),
      description:
        'How many records a table has, how well its fields are filled, and counts by the values of its choices.',
      type: [Statistics],
      args: { table: t.arg.string() },
      resolve: (_root, { table }) =>
        Promise.all(
          [...repositories.values()]
            .filter((repository) => table == null || repository.table.name === table)
            .map(async (repository) => ({ table: repository.table.name, ...(await repository.statistics()) })),
        ),
    }),
  )
}
