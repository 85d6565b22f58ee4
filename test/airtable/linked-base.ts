/** The leads with companies that they link to, and without fields whose payloads cannot be told. */
import type { BaseSeed } from '../../src/sandbox/metadata/base-seed.ts'
import { leadsBase } from '../sandbox/leads-base.ts'

const companiesId = 'tblCompanies00001'
const [leads] = leadsBase.tables

/** First the leads, then the companies. */
export const linkedBase: BaseSeed = {
  ...leadsBase,
  tables: [
    ...(leads === undefined
      ? []
      : [
          {
            ...leads,
            fields: [
              ...leads.fields.filter(({ name }) => name !== 'Friends'),
              { name: 'Mail', type: 'email' as const },
              { name: 'Page', type: 'url' as const },
              { name: 'Phone', type: 'phoneNumber' as const },
              { name: 'Long', type: 'multilineText' as const },
              { name: 'Company', type: 'multipleRecordLinks' as const, options: { linkedTableId: companiesId } },
            ],
          },
        ]),
    { id: companiesId, name: 'Companies', fields: [{ name: 'Name', type: 'singleLineText' as const }] },
  ],
}
