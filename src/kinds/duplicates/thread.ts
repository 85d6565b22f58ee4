/** What worker threads of other kinds need of this one: a part that loads quickly, beside `index.ts`. */
export { openKnown } from './known.ts'
