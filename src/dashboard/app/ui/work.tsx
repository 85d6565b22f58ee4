/** How far the work under way is: all of it below the verdict, and each piece where it belongs. */
import type { Work } from '../api/work-shapes.ts'
import { address } from '../state/route.ts'
import { works } from '../state/work.ts'

/** One line that is always there, so that nothing on the page moves when work begins or ends. */
export function UnderWay() {
  const [first, ...others] = works.value
  return (
    <div class="under-way">
      {first === undefined ? <span class="quiet">No long work is under way</span> : <Line work={first} />}
      {others.length > 0 && (
        <details>
          <summary>and {others.length} more</summary>
          <ul class="plain">
            {others.map((work) => (
              <li key={work.id}>
                <Line work={work} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

/** The pieces that belong to an action or a resource. */
export function WorkOf({ actionId, kind, name }: { actionId?: string; kind?: string; name?: string }) {
  const own = works.value.filter(
    (work) =>
      (actionId !== undefined && work.actionId === actionId) ||
      (kind !== undefined && work.resource?.kind === kind && work.resource.name === name),
  )
  return own.map((work) => (
    <div class="work" key={work.id} data-work={work.title}>
      <Bar work={work} />
      <span>{work.sentence}</span>
    </div>
  ))
}

function Line({ work }: { work: Work }) {
  const { resource, actionId, sentence } = work
  const to =
    actionId !== null
      ? address('actions', actionId)
      : resource !== null
        ? address('resources', resource.kind, resource.name)
        : '/timeline'
  return (
    <span class="line">
      <Bar work={work} /> <a href={to}>{sentence}</a>
    </span>
  )
}

/** Without a value it only says that something goes on. */
function Bar({ work: { title, share } }: { work: Work }) {
  return <progress max={1} aria-label={title} {...(share === null ? {} : { value: share })} />
}
