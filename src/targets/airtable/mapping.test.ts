import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mappedTables } from '../../desired/airtable-mapping.ts'
import { desiredStateSchema } from '../../desired/schema.ts'
import { type KnownIds, knownIdsSchema, noKnownIds, resolveMapping } from './mapping.ts'
import type { BaseSchema, RemoteField, RemoteTable } from './ports.ts'

const [declared] = mappedTables(
  desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'x',
    databases: { main: { path: 'a.db' } },
    airtable: { token: { env: 'KEY' }, base: 'appBZvPvNXGqtoJdc' },
    tables: {
      leads: {
        database: 'main',
        key: 'id',
        airtable: { table: 'Table 1', key: 'Lead ID' },
        fields: {
          id: { type: 'text', airtable: 'Lead ID' },
          email: { type: 'email', airtable: 'Email' },
          stage: { type: 'choice', choices: ['new', 'auto_send'], airtable: { field: 'Stage', unknownChoices: 'add' } },
          score: { type: 'number', precision: 2, airtable: 'Score' },
          seen: { type: 'datetime', airtable: { field: 'Seen', type: 'lastModifiedTime', direction: 'pull' } },
          local: { type: 'text' },
          gone: { type: 'text', absent: true, airtable: 'Gone' },
        },
      },
      other: { database: 'main', key: 'id', fields: { a: { type: 'text' } } },
    },
  }),
)
if (declared === undefined) throw new Error('the declaration maps no table')

function field(name: string, type: string, more: Partial<RemoteField> = {}): RemoteField {
  return { id: `fld${name.replace(/\W/g, '')}`, name, type, choices: [], options: {}, ...more }
}

const choices = ['New', 'Auto Send'].map((name) => ({ id: `sel${name}`, name }))
const whole = [
  field('Lead ID', 'singleLineText'),
  field('Email', 'email'),
  field('Stage', 'singleSelect', { choices }),
  field('Score', 'number', { precision: 2 }),
  field('Seen', 'lastModifiedTime'),
  field('Colleague’s own', 'singleLineText'),
]

function base(fields: readonly RemoteField[], table: Partial<RemoteTable> = {}): BaseSchema {
  return { tables: [{ id: 'tblOne', name: 'Table 1', primaryFieldId: 'fldLeadID', fields, ...table }] }
}

/** The fields of the whole base, one of them changed or, with undefined, removed. */
function withField(name: string, changed: Partial<RemoteField> | undefined): BaseSchema {
  return base(
    whole.flatMap((one) => (one.name !== name ? [one] : changed === undefined ? [] : [{ ...one, ...changed }])),
  )
}

const known = resolveMapping(base(whole), declared, noKnownIds).known
const resolve = (schema: BaseSchema, before: KnownIds = noKnownIds) => resolveMapping(schema, declared, before)
const problems = (schema: BaseSchema, before?: KnownIds) => resolve(schema, before).problems.map(({ is }) => is)

describe('a mapping', () => {
  it('whose table and fields are there has no problem, leaves alone what is not mapped, and remembers the ids', () => {
    const found = resolve(base(whole))
    expect(found.problems).toEqual([])
    expect(found.keyField?.id).toBe('fldLeadID')
    expect(found.fields.map(({ name, remote, direction }) => [name, remote.id, direction])).toEqual([
      ['email', 'fldEmail', 'both'],
      ['stage', 'fldStage', 'both'],
      ['score', 'fldScore', 'both'],
      ['seen', 'fldSeen', 'pull'],
    ])
    expect(knownIdsSchema.parse(found.known)).toMatchObject({
      table: { declared: 'Table 1', id: 'tblOne' },
      fields: { email: { declared: 'Email', id: 'fldEmail' } },
    })
  })

  it('names tables and fields by their ids as well', () => {
    const byId = { ...declared, remote: 'tblOne', keyField: 'fldLeadID' }
    expect(resolveMapping(base(whole), byId, noKnownIds).problems).toEqual([])
  })

  it('finds a name in other case or with other spaces, where no other field could be meant', () => {
    expect(problems(withField('Email', { name: ' E-MAIL' }))).toEqual(['field-missing'])
    expect(problems(withField('Email', { name: 'EMAIL ' }))).toEqual([])
  })
})

describe('what is missing', () => {
  it('of the table: nothing can be used', () => {
    const found = resolve({ tables: [] })
    expect(found).toMatchObject({ table: undefined, keyField: undefined, fields: [] })
    expect(found.problems).toEqual([{ is: 'table-missing', declared: 'Table 1', wasId: undefined }])
  })

  it('of the key field or of a field: the other fields can be used', () => {
    expect(problems(withField('Lead ID', undefined))).toEqual(['key-missing'])
    const found = resolve(withField('Email', undefined))
    expect(found.problems).toMatchObject([{ is: 'field-missing', field: { name: 'email' }, wasId: undefined }])
    expect(found.fields).toHaveLength(3)
  })

  it('and was there before is told apart from what never was', () => {
    expect(resolve({ tables: [] }, known).problems).toMatchObject([{ wasId: 'tblOne' }])
    expect(resolve(withField('Email', undefined), known).problems).toMatchObject([{ wasId: 'fldEmail' }])
    expect(resolve({ tables: [] }, known).known).toEqual(known)
  })
})

describe('what was renamed in the app', () => {
  it('is followed by its id: table, key and field', () => {
    expect(problems(base(whole, { name: 'Leads' }), known)).toEqual(['table-renamed'])
    expect(problems(withField('Lead ID', { name: 'Key' }), known)).toEqual(['key-renamed'])
    const found = resolve(withField('Email', { name: 'Mail' }), known)
    expect(found.problems).toMatchObject([{ is: 'field-renamed', remote: { name: 'Mail' }, taken: false }])
    expect(found.fields.map(({ name }) => name)).toContain('email')
    // The next look still knows it.
    expect(found.known).toEqual(known)
  })

  it('is followed even where another field has the declared name by now', () => {
    const schema = base([
      ...whole.map((one) => (one.name === 'Email' ? { ...one, name: 'Old' } : one)),
      field('Email', 'email', { id: 'fldNew' }),
    ])
    const found = resolve(schema, known)
    expect(found.problems).toMatchObject([{ is: 'field-renamed', remote: { name: 'Old' }, taken: true }])
    expect(found.fields.find(({ name }) => name === 'email')?.remote.id).toBe('fldEmail')
  })

  it('is another field where the declaration names another', () => {
    const renamed = {
      ...declared,
      fields: declared.fields.map((one) => (one.name === 'email' ? { ...one, remote: 'Work Email' } : one)),
    }
    expect(resolveMapping(base(whole), renamed, known).problems).toMatchObject([
      { is: 'field-missing', wasId: undefined },
    ])
  })

  it('is not given to two: the declared field that it was known for keeps it', () => {
    const both = {
      ...declared,
      fields: [...declared.fields.map((one) => ({ ...one })), { ...fieldNamed('email'), name: 'mail', remote: 'Mail' }],
    }
    const found = resolveMapping(withField('Email', { name: 'Mail' }), both, known)
    expect(found.problems.map(({ is }) => is)).toEqual(['field-renamed', 'field-claimed'])
    expect(resolveMapping(withField('Email', { name: 'Mail' }), both, found.known).problems).toHaveLength(2)
  })

  it('of the table is not mistaken for the one that was made in its place', () => {
    const replaced = base(whole, { id: 'tblTwo' })
    expect(resolve(replaced, known).known.table?.id).toBe('tblTwo')
    expect(problems(replaced, known)).toEqual([])
  })
})

describe('what cannot hold the values', () => {
  it('is a clash; another type that can hold them is none', () => {
    const found = resolve(withField('Email', { type: 'number', precision: 0 }))
    expect(found.problems).toMatchObject([{ is: 'field-clash', field: { name: 'email' }, remote: { type: 'number' } }])
    expect(found.fields.map(({ name }) => name)).not.toContain('email')
    expect(problems(withField('Email', { type: 'multilineText' }))).toEqual([])
  })

  it('is a key that an upsert cannot merge on', () => {
    const found = resolve(withField('Lead ID', { type: 'formula' }))
    expect(found.problems.map(({ is }) => is)).toEqual(['key-clash'])
    expect(found.keyField).toBeUndefined()
  })

  it('is a field that Airtable computes, unless it is only pulled', () => {
    const found = resolve(withField('Email', { type: 'formula' }))
    expect(found.problems.map(({ is }) => is)).toEqual(['field-computed'])
    expect(found.fields.map(({ name }) => name)).not.toContain('email')
    expect(problems(withField('Seen', { type: 'formula' }))).toEqual([])
  })

  it('lacks a declared choice, whatever its spelling, or digits: told, and used all the same', () => {
    const found = resolve(withField('Stage', { choices: choices.slice(0, 1) }))
    expect(found.problems).toMatchObject([{ is: 'choices-missing', choices: ['auto_send'] }])
    expect(found.fields.map(({ name }) => name)).toContain('stage')
    expect(problems(withField('Score', { precision: 1 }))).toEqual(['precision-short'])
    expect(problems(withField('Score', { precision: 8 }))).toEqual([])
  })
})

describe('whatever a base looks like and was known as', () => {
  const names = ['Lead ID', 'Email', 'EMAIL', 'Stage', 'Score', 'Seen', 'Mail']
  const types = ['singleLineText', 'email', 'number', 'singleSelect', 'formula', 'somethingNew']
  const anyField = fc
    .record({
      id: fc.constantFrom('fld1', 'fld2', 'fld3', 'fld4', 'fld5'),
      name: fc.constantFrom(...names),
      type: fc.constantFrom(...types),
    })
    .map(({ id, name, type }) => field(name, type, { id }))
  const anySchema = fc.uniqueArray(anyField, { selector: ({ id }) => id, maxLength: 5 }).map((fields) => base(fields))

  it('no Airtable field serves two declared ones, each declared field is used or its problem told, and looking again finds the same', () => {
    fc.assert(
      fc.property(anySchema, anySchema, (first, second) => {
        const before = resolve(first).known
        const found = resolve(second, before)
        const used = [...found.fields.map(({ remote }) => remote.id), ...(found.keyField ? [found.keyField.id] : [])]
        expect(new Set(used).size).toBe(used.length)
        const told = found.problems.flatMap((one) => ('field' in one ? [one.field.name] : []))
        const named = new Set([...found.fields.map(({ name }) => name), ...told])
        expect([...named].sort()).toEqual(declared.fields.map(({ name }) => name).sort())
        const again = resolve(second, found.known)
        expect(again.fields.map(({ name, remote }) => [name, remote.id])).toEqual(
          found.fields.map(({ name, remote }) => [name, remote.id]),
        )
        expect(again.known).toEqual(found.known)
      }),
      { numRuns: 1000 },
    )
  })
})

function fieldNamed(name: string) {
  const found = declared?.fields.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no field ${name} is declared`)
  return found
}
