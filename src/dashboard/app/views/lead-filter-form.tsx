/** One more condition: a field, how it is compared, and with what. */
import { useState } from 'preact/hooks'
import type { Column } from '../api/records.ts'
import { type Condition, needsValue, operatorsOf, operatorText } from '../state/lead-filter.ts'
import { label } from '../ui/text.ts'

export function FilterForm({ columns, onAdd }: { columns: readonly Column[]; onAdd: (condition: Condition) => void }) {
  const usable = columns.filter((column) => operatorsOf(column).length > 0)
  const [field, setField] = useState(usable[0]?.name ?? '')
  const column = usable.find(({ name }) => name === field) ?? usable[0]
  const operators = column === undefined ? [] : operatorsOf(column)
  const [wanted, setOperator] = useState('')
  const [value, setValue] = useState('')
  if (column === undefined) return null
  const operator = operators.includes(wanted) ? wanted : (operators[0] ?? 'eq')
  const choices = column.is === 'boolean' ? ['true', 'false'] : column.choices
  return (
    <form
      class="filter"
      aria-label="Add a filter"
      onSubmit={(event) => {
        event.preventDefault()
        onAdd({
          field: column.name,
          operator,
          value: needsValue(operator) ? (choices.length > 0 ? value || (choices[0] ?? '') : value) : '',
        })
        setValue('')
      }}
    >
      <label>
        Field
        <select
          value={column.name}
          onChange={(event) => {
            setField(event.currentTarget.value)
            setValue('')
          }}
        >
          {usable.map(({ name }) => (
            <option key={name} value={name}>
              {label(name)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Comparison
        <select value={operator} onChange={(event) => setOperator(event.currentTarget.value)}>
          {operators.map((one) => (
            <option key={one} value={one}>
              {operatorText(one)}
            </option>
          ))}
        </select>
      </label>
      {needsValue(operator) && (
        <div>
          <label for="filter-value">Value</label>
          {choices.length > 0 ? (
            <select id="filter-value" value={value} onChange={(event) => setValue(event.currentTarget.value)}>
              {choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </select>
          ) : (
            <input
              id="filter-value"
              required
              value={value}
              placeholder={column.is === 'moment' ? '2026-11-23' : ''}
              onInput={(event) => setValue(event.currentTarget.value)}
            />
          )}
        </div>
      )}
      <button type="submit">Filter</button>
    </form>
  )
}
