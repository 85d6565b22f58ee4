/** The page an operator keeps open: one sentence first, then what it is made of. */
import { render } from 'preact'
import { Shell } from './shell.tsx'
import { guardDraft } from './state/draft.ts'
import { startLive } from './state/live.ts'
import { followLinks } from './state/route.ts'
import { startWork } from './state/work.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('the page has no place for the application')
followLinks()
startLive()
startWork()
guardDraft()
render(<Shell />, root)
