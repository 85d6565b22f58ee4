/** How far the work under way is: all of it below the verdict, and each piece where it belongs. */
import type { Work } from '../api/work-shapes.ts'
import { address } from '../state/route.ts'
import { works } from '../state/work.ts'
import { counted } from './text.ts'

const shownMax = 3

/** One line a piece; nothing where nothing takes long. */
export function UnderWay() {
  const now = works.value
  if (now.length === 0) return null
  return (
    <section class="under-way" aria-label="Work under way">
      {now.slice(0, shownMax).map((work) => (
        <Line key={work.id} work={work} />
      ))}
      {now.length > shownMax && <p class="quiet">and {counted(now.length - shownMax, 'more piece')} of work</p>}
    </section>
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
    <p>
      <Bar work={work} /> <a href={to}>{sentence}</a>
    </p>
  )
}

/** Without a value it only says that something goes on. */
function Bar({ work: { title, share } }: { work: Work }) {
  return <progress max={1} aria-label={title} {...(share === null ? {} : { value: share })} />
}
