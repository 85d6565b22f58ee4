/** A chart as lines, with what is expected, its interval, and the same as a table for who does not see it. */
import { type Drawing, drawingOf, type Line } from '../state/chart.ts'
import { nowMs } from '../state/live.ts'
import { bytes, count, moment, span } from './text.ts'

export interface ChartProps {
  readonly title: string
  readonly about: string
  readonly unit: string
  readonly lines: readonly Line[]
  readonly limit: { readonly value: number; readonly means: string } | undefined
  /** What is expected, or why nothing can be said. */
  readonly sentences: readonly string[]
}

/** More lines are told in the table alone: nobody tells them apart. */
const linesMax = 6

export function Chart({ title, about, unit, lines, limit, sentences }: ChartProps) {
  const id = `chart-${title.toLowerCase().replaceAll(' ', '-')}`
  const drawn = [...lines].sort((one, other) => lastOf(one) - lastOf(other)).slice(0, linesMax)
  const drawing = drawingOf(drawn, nowMs.value, limit?.value ?? null, unit === 'percent' ? 100 : undefined)
  return (
    <section class="chart" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p class="quiet">{about}</p>
      {drawing === undefined ? (
        <p class="empty-state">Nothing is noted yet. A value is noted every 15 seconds while the controller runs.</p>
      ) : (
        <>
          <Lines drawing={drawing} title={title} unit={unit} limitMeans={limit?.means} />
          <Legend lines={drawn} unit={unit} isCut={lines.length > drawn.length} />
          {sentences.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
          <AsTable lines={lines} unit={unit} title={title} />
        </>
      )}
    </section>
  )
}

function lastOf({ past }: Line): number {
  return past.at(-1)?.value ?? 0
}

function Lines(of: { drawing: Drawing; title: string; unit: string; limitMeans: string | undefined }) {
  const { drawing, title, unit, limitMeans } = of
  const { low, high, fromMs, untilMs, nowX, limitY } = drawing
  return (
    <div class="plot">
      <div class="scale" aria-hidden="true">
        <span>{shownValue(high, unit)}</span>
        <span>{shownValue(low, unit)}</span>
      </div>
      <svg
        viewBox="0 0 1000 1000"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: the figures are in the table below`}
      >
        {nowX !== undefined && <line class="now" x1={nowX} x2={nowX} y1={0} y2={1000} />}
        {limitY !== undefined && (
          <line class="limit" x1={0} x2={1000} y1={limitY} y2={limitY}>
            <title>{limitMeans}</title>
          </line>
        )}
        {drawing.lines.map(({ name, past, expected, band }, at) => (
          <g key={name} class={`line-${at}`}>
            {band !== '' && <polygon points={band} />}
            <polyline points={past} />
            {expected !== '' && <polyline class="expected" points={expected} />}
          </g>
        ))}
      </svg>
      <div class="times" aria-hidden="true">
        <span>{moment(new Date(fromMs).toISOString()).slice(5, 16)}</span>
        {nowX !== undefined && <span>now</span>}
        {untilMs - fromMs > 60_000 && <span>{moment(new Date(untilMs).toISOString()).slice(5, 16)} UTC</span>}
      </div>
    </div>
  )
}

function Legend({ lines, unit, isCut }: { lines: readonly Line[]; unit: string; isCut: boolean }) {
  return (
    <ul class="legend">
      {lines.map((line, at) => (
        <li key={line.name}>
          <svg viewBox="0 0 30 10" class={`line-${at}`} aria-hidden="true">
            <polyline points="0,5 30,5" />
          </svg>
          {line.name === '' ? 'now' : line.name}: <b>{shownValue(lastOf(line), unit)}</b>
        </li>
      ))}
      {isCut && <li class="quiet">the lowest of them; all are in the table</li>}
    </ul>
  )
}

/** Rows that a table shows; a chart stands for many more. */
const rowsMax = 24

function AsTable({ lines, unit, title }: { lines: readonly Line[]; unit: string; title: string }) {
  return (
    <details>
      <summary>As a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard. */}
      <section class="wide" aria-label={`${title} as a table`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Of</th>
              <th scope="col">When</th>
              <th scope="col">Value</th>
              <th scope="col">Expected between</th>
            </tr>
          </thead>
          <tbody>
            {lines.flatMap(({ name, past, expected }) => [
              ...thinned(past).map(({ atMs, value }) => (
                <tr key={`${name} ${atMs}`}>
                  <th scope="row">{name}</th>
                  <td>{moment(new Date(atMs).toISOString())}</td>
                  <td>{shownValue(value, unit)}</td>
                  <td />
                </tr>
              )),
              ...thinned(expected).map(({ atMs, value, low, high }) => (
                <tr key={`${name} ${atMs} expected`}>
                  <th scope="row">{name}</th>
                  <td>{moment(new Date(atMs).toISOString())}</td>
                  <td>{shownValue(value, unit)} expected</td>
                  <td>
                    {shownValue(low, unit)} and {shownValue(high, unit)}
                  </td>
                </tr>
              )),
            ])}
          </tbody>
        </table>
      </section>
    </details>
  )
}

/** Some of many, the first and the last among them. */
function thinned<Item>(items: readonly Item[]): readonly Item[] {
  const step = Math.max(1, Math.ceil(items.length / rowsMax))
  return items.filter((_, at) => (items.length - 1 - at) % step === 0 || at === 0)
}

function shownValue(value: number, unit: string): string {
  if (unit === 'bytes') return bytes(Math.round(value))
  if (unit === 'seconds') return span(value * 1000)
  const rounded = Math.round(value * 10) / 10
  return unit === 'percent' ? `${rounded} %` : count(rounded)
}
