// The grid of the sandbox: shows one table, sends every edit at once, and takes up what others change.

/** How often the page asks whether something changed, in milliseconds. */
const pollMs = 1000
const rowsPerPage = 200

const one = (id) => document.getElementById(id)
const shown = { bases: [], base: '', table: '', from: 0, version: -1, fields: [], total: 0 }

const fixedTypes = new Set([
  'multipleRecordLinks',
  'multipleAttachments',
  'singleCollaborator',
  'multipleCollaborators',
  'barcode',
])
const numberTypes = new Set(['number', 'currency', 'percent', 'rating', 'duration'])
const longTypes = new Set(['multilineText', 'richText'])

async function ask(method, path, body) {
  const answer = await fetch(`/sandbox/page/${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-sandbox-page': '1' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const result = await answer.json()
  if (!answer.ok) throw new Error(result.error?.message ?? result.error?.type ?? `status ${answer.status}`)
  return result
}

function tell(text, wrong = false) {
  const state = one('state')
  state.textContent = text
  state.classList.toggle('wrong', wrong)
}

/** Carries out an edit and says how it went once the grid shows what is true, also after a refusal. */
async function attempt(doing, work) {
  const outcome = await work().then(
    () => [doing, false],
    (error) => [error.message, true],
  )
  try {
    await load()
  } finally {
    tell(...outcome)
  }
}

function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties)
}

/** An editor for a cell: an element, how it takes a value, and what it holds. */
function editorFor(field) {
  const label = field.name
  if (field.computed || fixedTypes.has(field.type)) {
    const element = make('span', { className: 'fixed' })
    return {
      element,
      set: (cell) => Object.assign(element, { textContent: cell?.text ?? '', title: cell?.text ?? '' }),
    }
  }
  if (field.type === 'checkbox') {
    const element = make('input', { type: 'checkbox', ariaLabel: label })
    return { element, set: (cell) => Object.assign(element, { checked: cell !== null }), get: () => element.checked }
  }
  if (field.type === 'singleSelect' || field.type === 'multipleSelects') return selectEditor(field)
  if (longTypes.has(field.type)) return textEditor(make('textarea', { ariaLabel: label }), (text) => text)
  if (numberTypes.has(field.type)) {
    return textEditor(make('input', { type: 'number', step: 'any', ariaLabel: label }), Number)
  }
  if (field.type === 'date') return textEditor(make('input', { type: 'date', ariaLabel: label }), (text) => text)
  if (field.type === 'dateTime') {
    // The browser's control has no zone: the page shows and takes UTC.
    const element = make('input', { type: 'datetime-local', step: '1', ariaLabel: `${label} (UTC)` })
    const plain = textEditor(element, (text) => `${text}Z`)
    return { ...plain, set: (cell) => Object.assign(element, { value: cell === null ? '' : cell.value.slice(0, 19) }) }
  }
  return textEditor(make('input', { type: 'text', ariaLabel: label }), (text) => text)
}

function textEditor(element, read) {
  return {
    element,
    set: (cell) => Object.assign(element, { value: cell === null ? '' : String(cell.value) }),
    get: () => (element.value === '' ? null : read(element.value)),
  }
}

function selectEditor(field) {
  const multiple = field.type === 'multipleSelects'
  const element = make('select', { multiple, ariaLabel: field.name })
  if (!multiple) element.append(make('option', { value: '', textContent: '' }))
  for (const name of field.choices) element.append(make('option', { value: name, textContent: name }))
  const chosen = (cell) => new Set(cell === null ? [] : [cell.value].flat())
  return {
    element,
    set: (cell) => {
      for (const option of element.options)
        option.selected = option.value === '' ? cell === null : chosen(cell).has(option.value)
    },
    get: () => {
      const names = [...element.selectedOptions].map((option) => option.value).filter((name) => name !== '')
      if (names.length === 0) return null
      return multiple ? names : names[0]
    },
  }
}

function makeRow(row) {
  const line = make('tr')
  line.dataset.record = row.id
  const tool = make('td', { className: 'tool' })
  const remove = make('button', {
    type: 'button',
    textContent: '×',
    title: 'Delete this row',
    ariaLabel: `Delete row ${row.id}`,
  })
  remove.addEventListener('click', () =>
    attempt('Deleted', () => ask('DELETE', 'rows', { base: shown.base, table: shown.table, record: row.id })),
  )
  tool.append(remove)
  line.append(tool)
  line.editors = shown.fields.map((field) => {
    const editor = editorFor(field)
    const cell = make('td')
    cell.dataset.field = field.name
    cell.append(editor.element)
    line.append(cell)
    if (editor.get !== undefined) {
      editor.element.addEventListener('change', () =>
        attempt('Saved', () =>
          ask('PATCH', 'rows', {
            base: shown.base,
            table: shown.table,
            record: row.id,
            fields: { [field.id]: editor.get() },
          }),
        ),
      )
    }
    return editor
  })
  return line
}

/** Shows rows in place, so that a cell that is being edited keeps its focus and its text. */
function showRows(rows) {
  const body = one('rows')
  const lines = new Map([...body.children].map((line) => [line.dataset.record, line]))
  for (const row of rows) {
    const line = lines.get(row.id) ?? makeRow(row)
    lines.delete(row.id)
    for (const [index, editor] of line.editors.entries()) {
      const value = JSON.stringify(row.cells[index])
      if (editor.element === document.activeElement && editor.last === value) continue
      editor.last = value
      editor.set(row.cells[index])
    }
    if (line.parentNode === null) body.append(line)
  }
  for (const line of lines.values()) line.remove()
}

function showHead(fields) {
  const same = JSON.stringify(fields) === JSON.stringify(shown.fields)
  shown.fields = fields
  if (same) return
  one('rows').replaceChildren()
  const heads = fields.map((field) => {
    const head = make('th', { scope: 'col', textContent: field.name })
    head.append(make('small', { textContent: field.type }))
    return head
  })
  const tool = make('th', { className: 'tool', scope: 'col', ariaLabel: 'Delete' })
  one('head').replaceChildren(tool, ...heads)
}

function showTables() {
  const base = shown.bases.find(({ id }) => id === shown.base)
  const buttons = (base?.tables ?? []).map(({ id, name }) => {
    const button = make('button', { type: 'button', textContent: name, ariaPressed: String(id === shown.table) })
    button.addEventListener('click', () => open(shown.base, id))
    return button
  })
  one('tables').replaceChildren(...buttons)
}

async function open(base, table) {
  Object.assign(shown, { base, table, from: 0 })
  one('base').value = base
  showTables()
  tell('')
  await load()
}

async function load() {
  if (shown.table === '') return
  const asked = shown.table
  const query = new URLSearchParams({ base: shown.base, table: asked, from: String(shown.from) })
  const { version, total, fields, rows } = await ask('GET', `rows?${query}`)
  if (asked !== shown.table) return
  Object.assign(shown, { version, total })
  showHead(fields)
  showRows(rows)
  one('count').textContent = total === 1 ? '1 row' : `${total} rows`
  one('earlier').disabled = shown.from === 0
  one('later').disabled = shown.from + rowsPerPage >= total
  one('earlier').hidden = total <= rowsPerPage
  one('later').hidden = total <= rowsPerPage
}

async function loadBases() {
  const { bases } = await ask('GET', 'bases')
  if (JSON.stringify(bases) === JSON.stringify(shown.bases)) return
  shown.bases = bases
  one('base').replaceChildren(...bases.map(({ id, name }) => make('option', { value: id, textContent: name })))
  const base = bases.find(({ id }) => id === shown.base) ?? bases[0]
  const table = base?.tables.find(({ id }) => id === shown.table) ?? base?.tables[0]
  one('nothing').hidden = table !== undefined
  one('scroll').hidden = table === undefined
  one('add').disabled = table === undefined
  if (base !== undefined && table !== undefined) await open(base.id, table.id)
}

async function poll() {
  try {
    await loadBases()
    const { version } = await ask('GET', `version?${new URLSearchParams({ base: shown.base })}`)
    if (version !== shown.version) await load()
    if (one('state').dataset.lost === '1') tell('')
    one('state').dataset.lost = ''
  } catch {
    tell('The sandbox does not answer.', true)
    one('state').dataset.lost = '1'
  }
  setTimeout(poll, pollMs)
}

one('base').addEventListener('change', () => {
  const base = shown.bases.find(({ id }) => id === one('base').value)
  if (base?.tables[0] !== undefined) open(base.id, base.tables[0].id)
})
one('add').addEventListener('click', () =>
  attempt('Added', () => ask('POST', 'rows', { base: shown.base, table: shown.table, fields: {} })),
)
one('earlier').addEventListener('click', () => {
  shown.from = Math.max(0, shown.from - rowsPerPage)
  load()
})
one('later').addEventListener('click', () => {
  shown.from += rowsPerPage
  load()
})
poll()
