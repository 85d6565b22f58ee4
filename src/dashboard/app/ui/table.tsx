/** The shape that all tables of the page have: they scroll sideways by themselves, and name what their columns are. */
import type { ComponentChildren } from 'preact'

/** What scrolls sideways by itself, so that the page does not. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
    <section class="wide" aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}

export interface TableOptions {
  readonly label: string
  readonly columns: readonly string[]
  /** Whether a last column holds what can be done. */
  readonly hasActions?: boolean
  readonly caption?: string
  /** The rows. */
  readonly children: ComponentChildren
}

export function Table({ label, columns, hasActions = false, caption, children }: TableOptions) {
  return (
    <Wide label={label}>
      <table>
        {caption !== undefined && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            {hasActions && (
              <th scope="col">
                <span class="unseen">What can be done</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Wide>
  )
}
