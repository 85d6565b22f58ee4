/** How good the data are: a score per table and field, what is wrong, how it went, and plain figures. */
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { health, quality, statistics, type TableQuality, type TableStatistics } from '../api/quality-shapes.ts'
import { useLive } from '../state/live.ts'
import { may } from '../state/viewer.ts'
import { Empty, Live, Meter, ResourceLink, Tag } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { count, counted, label, moment } from '../ui/text.ts'

const load = async () => {
  const [figures, report] = await Promise.all([
    may('leads.read')
      ? ask(documents.quality, quality)
      : { ...(await ask(documents.statistics, statistics)), quality: [] },
    may('state.read') ? ask(documents.health, health) : undefined,
  ])
  return { ...figures, report: report?.healthReport }
}

export function Quality() {
  const loaded = useLive('quality', load)
  return (
    <>
      <h1>Quality</h1>
      <Live of={loaded}>
        {({ quality: reports, statistics: tables, report }) => (
          <>
            {reports.length === 0 && (
              <Empty>No table declares its quality. Give one a section `quality` in desired-state.yaml.</Empty>
            )}
            {reports.map((one) => (
              <Report key={one.table} report={one} />
            ))}
            {tables.map((one) => (
              <Figures key={one.table} of={one} />
            ))}
            {report !== undefined && (
              <section aria-labelledby="health">
                <h2 id="health">
                  Health <Tag word={report.status} />
                </h2>
                <p>
                  {counted(report.figures.checks, 'check')} of {counted(report.figures.components, 'component')},{' '}
                  {report.figures.checksFailed} failed; {counted(report.figures.issues, 'issue')} with{' '}
                  {counted(report.figures.affectedRecords, 'record')}.
                </p>
                {report.components.map((component) => (
                  <details key={component.name} open={component.status === 'FAILED'}>
                    <summary>
                      <Tag word={component.status} /> {component.name}
                    </summary>
                    <ul>
                      {component.checks.map((check) => (
                        <li key={check.name}>
                          <Tag word={check.status} /> {check.name}: {check.message}
                        </li>
                      ))}
                    </ul>
                  </details>
                ))}
              </section>
            )}
          </>
        )}
      </Live>
    </>
  )
}

function Report({ report }: { report: TableQuality }) {
  return (
    <section aria-labelledby={`quality-${report.table}`}>
      <h2 id={`quality-${report.table}`}>
        {label(report.table)}: {Math.round(report.score * 10) / 10} of 100
      </h2>
      <p class="quiet">The weighted share of checks that {counted(report.rows, 'record')} pass.</p>
      <Trend points={report.trend} />
      <Table label="Quality per field" columns={['Field', 'Score', 'Checks']}>
        {report.fields.map((field) => (
          <tr key={field.field}>
            <th scope="row">{label(field.field)}</th>
            <td>
              <Meter percent={field.score} label={`Score of ${field.field}`} />
            </td>
            <td>
              {field.checks.map((check) => (
                <div key={check.id}>
                  {check.title}: <Meter percent={check.percent} target={check.target} label={check.title} />{' '}
                  {check.failing > 0 && <span class="quiet">{counted(check.failing, 'record')} fail</span>}
                </div>
              ))}
            </td>
          </tr>
        ))}
      </Table>
      {report.issues.length > 0 && <h3>{counted(report.issues.length, 'issue')}, the gravest first</h3>}
      <ul class="rows">
        {report.issues.map((issue) => (
          <li key={issue.id + issue.message}>
            <Tag word={issue.severity} />
            <span class="grow">
              {issue.message} <b>Next:</b> {issue.suggestion}{' '}
              {issue.mendedBy !== null && (
                <>
                  Mended by <ResourceLink of={issue.mendedBy} />.
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The score over time as a line; the ends are told in words for who cannot see it. */
function Trend({ points }: { points: TableQuality['trend'] }) {
  const [first] = points
  const last = points.at(-1)
  if (first === undefined || last === undefined || points.length < 2) {
    return <p class="quiet">A line over time appears once there are two scores, an hour apart.</p>
  }
  const from = Date.parse(first.at)
  const width = Math.max(1, Date.parse(last.at) - from)
  const low = Math.min(...points.map(({ score }) => score))
  const high = Math.max(...points.map(({ score }) => score))
  const height = Math.max(1, high - low)
  const line = points
    .map(({ at, score }) => `${((Date.parse(at) - from) / width) * 300},${38 - ((score - low) / height) * 36}`)
    .join(' ')
  const words = `From ${Math.round(first.score * 10) / 10} at ${moment(first.at)} to ${Math.round(last.score * 10) / 10} at ${moment(last.at)}`
  return (
    <figure>
      <svg class="trend" viewBox="0 0 300 40" preserveAspectRatio="none" role="img" aria-label={words}>
        <polyline points={line} />
      </svg>
      <figcaption class="quiet">{words}</figcaption>
    </figure>
  )
}

function Figures({ of }: { of: TableStatistics }) {
  const fields = [...new Set(of.values.map(({ field }) => field))]
  return (
    <section aria-labelledby={`figures-${of.table}`}>
      <h2 id={`figures-${of.table}`}>
        {label(of.table)}: {counted(of.total, 'record')}
      </h2>
      <div class="columns">
        <div>
          <h3>Filled</h3>
          <ul class="rows">
            {of.filled.map((one) => (
              <li key={one.field}>
                <span class="grow">{label(one.field)}</span>{' '}
                <Meter percent={one.percent} label={`${one.field} filled`} />
              </li>
            ))}
          </ul>
        </div>
        {fields.map((field) => (
          <div key={field}>
            <h3>{label(field)}</h3>
            <ul class="rows">
              {of.values
                .filter((one) => one.field === field)
                .map((one) => (
                  <li key={one.value}>
                    <span class="grow">{one.value ?? '(empty)'}</span> {count(one.count)}
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  )
}
