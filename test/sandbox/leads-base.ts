/** A base with a table of leads that has a field of most types. */
import type { BaseSeed } from '../../src/sandbox/metadata/base-seed.ts'
import { baseId } from './support.ts'

const iso = { dateFormat: { name: 'iso' } }
/** Its table, and the path of its records. */
export const tableId = 'tblLeads000000001'
export const table = 'Leads'
export const path = `/v0/${baseId}/${table}`

export const leadsBase: BaseSeed = {
  baseId,
  name: 'Sales',
  tables: [
    {
      id: tableId,
      name: table,
      fields: [
        { name: 'Name', type: 'singleLineText' },
        { name: 'Notes', type: 'richText' },
        { name: 'Score', type: 'number', options: { precision: 1 } },
        { name: 'Share', type: 'percent', options: { precision: 0 } },
        { name: 'Price', type: 'currency', options: { precision: 2, symbol: '€' } },
        { name: 'Stars', type: 'rating', options: { icon: 'star', max: 5, color: 'yellowBright' } },
        { name: 'Length', type: 'duration', options: { durationFormat: 'h:mm' } },
        { name: 'Done', type: 'checkbox', options: { icon: 'check', color: 'greenBright' } },
        { name: 'Status', type: 'singleSelect', options: { choices: [{ name: 'New' }, { name: 'Won' }] } },
        { name: 'Tags', type: 'multipleSelects', options: { choices: [{ name: 'red' }, { name: 'green' }] } },
        { name: 'Day', type: 'date', options: iso },
        { name: 'At', type: 'dateTime', options: { ...iso, timeFormat: { name: '24hour' }, timeZone: 'utc' } },
        { name: 'Friends', type: 'multipleRecordLinks', options: {} },
        { name: 'Number', type: 'autoNumber' },
        { name: 'Made', type: 'createdTime' },
        { name: 'Changed', type: 'lastModifiedTime' },
        { name: 'Loud', type: 'formula', rule: { formula: 'UPPER({Name}) & {Score}' } },
        { name: 'Ratio', type: 'formula', rule: { formula: '{Score} / 0' } },
        { name: 'Broken', type: 'formula', rule: { formula: 'ERROR()' } },
      ],
      views: [
        { name: 'Grid view' },
        {
          id: 'viwOpen0000000001',
          name: 'Won, best first',
          filter: "{Status} = 'Won'",
          sort: [{ field: 'Score', direction: 'desc' }],
        },
      ],
    },
  ],
}
