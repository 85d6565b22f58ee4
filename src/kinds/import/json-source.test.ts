import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jsonSource } from './json-source.ts'
import { placeText } from './source-row.ts'
import { findFiles } from './workspace-files.ts'

let workspace = ''
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'import-json-'))
  mkdirSync(join(workspace, 'json/deep/er'), { recursive: true })
})
afterEach(() => rmSync(workspace, { recursive: true }))

function put(path: string, content: string | Buffer): void {
  writeFileSync(join(workspace, path), content)
}

function readAll(pattern = 'json/**/*.json', databases: readonly string[] = []) {
  const items = [...jsonSource(pattern, findFiles({ workspace, pattern, databases })).items()]
  return {
    rows: items.flatMap((item) => (item.is === 'row' ? [Object.fromEntries(item.row.cells)] : [])),
    ids: items.flatMap((item) => (item.is === 'row' ? [item.row.id] : [])),
    flaws: items.flatMap((item) => (item.is === 'row' ? [Object.fromEntries(item.row.flaws)] : [])),
    problems: items.flatMap((item) =>
      item.is === 'problem' ? [`${placeText(item.problem)}: ${item.problem.message}`] : [],
    ),
  }
}

describe('rows of JSON files', () => {
  it('come from lists, wrapped lists, Airtable exports, single objects and JSON Lines, by path', () => {
    put('json/a.json', '[{"n":1},{"n":2}]')
    put('json/b.json', '\ufeff{"leads":[{"n":3}]}')
    put('json/c.json', '{"records":[{"id":"rec1","createdTime":"2024-01-01","fields":{"n":4,"Full Name":"A"}}]}')
    put('json/deep/d.json', '{"n":5,"contact":{"email":"a@x.de","more":{"x":1}}}')
    put('json/deep/er/e.jsonl', '{"n":6}\n\n{"n":7}\n')
    const { rows, problems } = readAll('json/**/*.{json,jsonl}')
    expect(problems).toEqual([])
    expect(rows).toEqual([
      { n: 1 },
      { n: 2 },
      { n: 3 },
      { n: 4, 'Full Name': 'A', airtable_id: 'rec1', created_time: '2024-01-01' },
      { n: 5, 'contact.email': 'a@x.de', 'contact.more': { x: 1 } },
      { n: 6 },
      { n: 7 },
    ])
  })

  it('name what is wrong by file, row and line, and go on', () => {
    put('json/a.json', '[{"n":1},\n{"n":},\n{"n":3}, 4,\n{"n":5')
    put('json/b.json', `[{"deep":${'['.repeat(200)}${']'.repeat(200)}},{"n":6}]`)
    put('json/c.jsonl', '{"n":7}\n{"n":\n{"n":8}')
    const { rows, problems } = readAll('json/*')
    expect(rows).toEqual([{ n: 1 }, { n: 3 }, { n: 6 }, { n: 7 }, { n: 8 }])
    expect(problems).toEqual([
      'json/a.json, row 2, line 2: is not valid JSON: "}" where a value should be',
      'json/a.json, row 4, line 3: is no object',
      'json/a.json, line 4: the file is cut off in the middle of the row that starts here',
      'json/b.json, row 1, line 1: is not valid JSON: is nested deeper than 100 levels',
      'json/c.jsonl, row 2, line 2: is not valid JSON: ends in the middle of a value',
    ])
  })

  it('mark values that cannot be trusted and keep them', () => {
    put('json/a.json', Buffer.concat([Buffer.from('[{"name":"Jos'), Buffer.from([0xe9]), Buffer.from('","n":1}]')]))
    put('json/b.json', '[{"email":"a@x.de","email":"b@x.de","score":NaN,"half":"\\ud83d"}]')
    const { rows, flaws } = readAll()
    expect(flaws).toEqual([
      { name: 'is not valid UTF-8' },
      {
        email: 'is given twice with different values',
        score: 'NaN is no JSON value',
        half: 'holds half of a character',
      },
    ])
    expect(rows[1]?.email).toEqual(['a@x.de', 'b@x.de'])
  })

  it('are named by their own id, where they have one', () => {
    put('json/a.json', '[{"id":"x"},{"_id":4},{"uuid":"u"},{"id":"","name":"A"}]')
    expect(readAll().ids).toEqual(['id:x', '_id:4', 'uuid:u', undefined])
  })

  it('are not read from outside of the workspace, from databases, or from what is no file', () => {
    const outside = mkdtempSync(join(tmpdir(), 'import-outside-'))
    writeFileSync(join(outside, 'secret.json'), '[{"n":1}]')
    symlinkSync(join(outside, 'secret.json'), join(workspace, 'json/link.json'))
    symlinkSync(outside, join(workspace, 'json/linked'))
    symlinkSync(workspace, join(workspace, 'json/loop'))
    symlinkSync('nowhere', join(workspace, 'json/dangling.json'))
    put('json/leads.db', 'SQLite format 3\0')
    put('json/leads.json', '[{"n":2}]')
    put('json/good.json', '[{"n":3}]')
    symlinkSync('good.json', join(workspace, 'json/inside.json'))
    const { rows, problems } = readAll('json/**/*', [join(workspace, 'json/leads.json')])
    rmSync(outside, { recursive: true })
    expect(rows.filter((row) => row.n !== 3)).toEqual([])
    expect(new Set(problems)).toEqual(
      new Set([
        'json/dangling.json: is a link to nothing',
        'json/leads.db: has a name that does not end in .json, .jsonl or .ndjson',
        'json/leads.json: is a declared database',
        'json/link.json: is a link that leaves the workspace',
        'json/linked: is a link that leaves the workspace',
      ]),
    )
  })

  it('are none where the pattern names nothing, or nothing that it may', () => {
    expect(readAll('none/*.json')).toMatchObject({ rows: [], problems: [] })
    expect(readAll('../*.json').problems).toEqual(['../*.json: leaves the workspace with ".."'])
  })
})
