/** That records leave Trueup in a file: the command line writes it, and has it on record before the first byte. */
import { whoIs } from '../access-notes.ts'
import type { EnginePort } from '../ports.ts'
import { type Builder, requires } from './builder.ts'
import type { Repositories } from './context.ts'
import { ForbiddenError } from './errors.ts'
import { hasTag, type Results } from './results.ts'

export function addExports(builder: Builder, engine: EnginePort, repositories: Repositories, results: Results): void {
  const Recorded = builder.objectRef<{ is: 'export-recorded'; table: string }>('ExportRecorded').implement({
    description: 'The export is in the audit log.',
    isTypeOf: (value) => hasTag(value, 'export-recorded'),
    fields: (t) => ({ table: t.exposeString('table') }),
  })
  const Input = builder.inputType('RecordExportInput', {
    fields: (t) => ({
      table: t.string({ required: true, validate: { maxLength: 200 } }),
      format: t.string({ required: true, validate: { maxLength: 20 } }),
      fields: t.stringList({ description: 'Left out: all.', validate: { maxLength: 500 } }),
      filtered: t.boolean({ description: 'Whether not all records are in it.' }),
    }),
  })
  builder.mutationField('recordExport', (t) =>
    t.errorUnionField({
      ...requires('leads.read'),
      description: 'Puts on record that who asks takes records away in a file. Exports nothing itself.',
      types: [Recorded, results.NotFound, ForbiddenError],
      union: { name: 'RecordExportResult' },
      args: { input: t.arg({ type: Input, required: true }) },
      resolve: (_root, { input: { table, format, fields, filtered } }, { viewer }) => {
        if (!repositories.has(table)) return { is: 'not-found' as const, message: `There is no table ${table}.` }
        const known = fields?.filter((field) => repositories.get(table)?.allColumns.includes(field)) ?? null
        engine.recordAccess({
          is: 'exported',
          table,
          format,
          fields: known,
          filtered: filtered ?? false,
          ...whoIs(viewer),
        })
        return { is: 'export-recorded' as const, table }
      },
    }),
  )
}
