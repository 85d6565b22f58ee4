/** Who may come in: the tokens of people and programs; making, replacing and ending one. A token is shown this once. */
import { useState } from 'preact/hooks'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import { type Token, tokenOutcome, tokens } from '../api/shapes.ts'
import { type Announcement, announce, refusal } from '../state/announce.ts'
import { nowMs, useLive } from '../state/live.ts'
import { askPerson } from '../state/question.ts'
import { may, viewer } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, Tag } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { moment } from '../ui/text.ts'

interface Fresh {
  readonly subject: string
  readonly token: string
}

export function Access() {
  if (!may('tokens.manage')) {
    return (
      <>
        <h1>Access</h1>
        <p>
          You are {viewer.value?.subject} with the role {viewer.value?.role}. You may:{' '}
          {viewer.value?.permissions.join(', ')}.
        </p>
        <Empty>Tokens are seen and made by who has the right tokens.manage.</Empty>
      </>
    )
  }
  return <Tokens />
}

function Tokens() {
  const loaded = useLive('tokens', () => ask(documents.tokens, tokens))
  const [fresh, setFresh] = useState<Fresh | undefined>(undefined)
  return (
    <>
      <h1>Access</h1>
      <p>
        A token lets a person or a program in, with the rights of its role. Approvals by two tokens of one person count
        once.
      </p>
      {fresh !== undefined && <ShownOnce fresh={fresh} onDone={() => setFresh(undefined)} />}
      <NewToken onMade={setFresh} />
      <Live of={loaded}>
        {({ tokens: all }) => {
          const holding = all.filter(isHolding)
          const ended = all.filter((token) => !isHolding(token))
          return (
            <>
              <h2>Tokens that hold</h2>
              <TokenTable tokens={holding} onMade={setFresh} />
              {ended.length > 0 && (
                <details>
                  <summary>Ended: {ended.length}</summary>
                  <TokenTable tokens={ended} />
                </details>
              )}
            </>
          )
        }}
      </Live>
    </>
  )
}

function isHolding({ expiresAt, revokedAt }: Token): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > nowMs.value)
}

/** The secret, until the person has it. */
function ShownOnce({ fresh: { subject, token }, onDone }: { fresh: Fresh; onDone: () => void }) {
  const copy = async (): Promise<Announcement> => {
    await navigator.clipboard.writeText(token)
    return { tone: 'good', text: 'Copied.' }
  }
  return (
    <div class="notice" role="status">
      <div class="grow">
        <p>The token of {subject}. It is shown this once and kept nowhere: take it now.</p>
        <p>
          <code class="token">{token}</code>
        </p>
        <p class="buttons">
          <Do work={copy}>Copy</Do>
          <button type="button" class="quiet" onClick={onDone}>
            I have it
          </button>
        </p>
      </div>
    </div>
  )
}

/** Roles that are always there; the desired state may declare others. */
const roles = ['viewer', 'editor', 'operator', 'approver', 'admin']

function NewToken({ onMade }: { onMade: (fresh: Fresh) => void }) {
  const [subject, setSubject] = useState('')
  const [role, setRole] = useState('viewer')
  const [days, setDays] = useState('90')
  const make = async (): Promise<Announcement | undefined> => {
    const { outcome } = await ask(documents.createToken, tokenOutcome, {
      input: { subject, role, ...(days === '' ? {} : { expiresInDays: Number(days) }) },
    })
    if (outcome.token === undefined) return refusal(outcome)
    onMade({ subject, token: outcome.token })
    setSubject('')
    return { tone: 'good', text: `A token of ${subject} was made.` }
  }
  return (
    <form class="toolbar" aria-label="Make a token" onSubmit={(event) => event.preventDefault()}>
      <label>
        Person or program
        <input
          value={subject}
          placeholder="ann"
          pattern="[A-Za-z0-9][A-Za-z0-9._@-]*"
          maxLength={63}
          onInput={(event) => setSubject(event.currentTarget.value)}
        />
      </label>
      <label>
        Role
        <input list="roles" value={role} onInput={(event) => setRole(event.currentTarget.value)} />
        <datalist id="roles">
          {roles.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      <label>
        Days it holds
        <input
          type="number"
          min={1}
          max={3650}
          value={days}
          placeholder="for ever"
          onInput={(event) => setDays(event.currentTarget.value)}
        />
      </label>
      <Do tone="main" isDisabled={subject === '' || role === ''} work={make}>
        Make a token
      </Do>
    </form>
  )
}

function TokenTable({ tokens: shown, onMade }: { tokens: readonly Token[]; onMade?: (fresh: Fresh) => void }) {
  return (
    <Table label="Tokens" columns={['Whose', 'Role', 'Made', 'Ends']} hasActions>
      {shown.map((token) => (
        <tr key={token.id} data-token={token.id}>
          <th scope="row">
            {token.subject} <code class="quiet">{token.id}</code>
          </th>
          <td>
            {token.role}
            {token.scope !== null && <small class="quiet"> only {token.scope.join(', ')}</small>}
          </td>
          <td>
            <Ago at={token.createdAt} />
          </td>
          <td>{endOf(token)}</td>
          <td class="buttons">
            {onMade !== undefined && (
              <>
                <Do
                  tone="quiet"
                  label={`Replace the token ${token.id} of ${token.subject}`}
                  work={() => rotate(token, onMade)}
                >
                  Replace…
                </Do>
                <Do tone="quiet" label={`End the token ${token.id} of ${token.subject}`} work={() => revoke(token)}>
                  End…
                </Do>
              </>
            )}
          </td>
        </tr>
      ))}
    </Table>
  )
}

function endOf({ expiresAt, revokedAt }: Token) {
  if (revokedAt !== null) return <Tag word={`ended ${moment(revokedAt)}`} />
  return expiresAt === null ? 'never' : moment(expiresAt)
}

async function rotate({ id, subject }: Token, onMade: (fresh: Fresh) => void): Promise<undefined> {
  const overlap = await askPerson({
    title: `Replace the token of ${subject}?`,
    text: 'Another one is made that may do the same. The old one goes on for a while, so that nothing stops meanwhile.',
    label: 'The old one goes on for',
    choices: Object.keys(overlaps),
    yes: 'Replace it',
  })
  if (overlap === null) return undefined
  const { outcome } = await ask(documents.rotateToken, tokenOutcome, {
    input: { id, overlapHours: overlaps[overlap] ?? 24 },
  })
  if (outcome.token === undefined) announce(refusal(outcome))
  else {
    onMade({ subject, token: outcome.token })
    announce({ tone: 'good', text: `Replaced. The old token goes on for ${overlap}.` })
  }
  return undefined
}

const overlaps: Readonly<Record<string, number>> = { '24 hours': 24, '1 hour': 1, '7 days': 168, 'no time at all': 0 }

async function revoke({ id, subject }: Token): Promise<Announcement | undefined> {
  const sure = await askPerson({
    title: `End the token of ${subject}?`,
    text: 'Whoever uses it is out at once. This cannot be taken back; another one can be made.',
    yes: 'End it',
    isDangerous: true,
  })
  if (sure === null) return undefined
  const { outcome } = await ask(documents.revokeToken, tokenOutcome, { input: { id } })
  return outcome.__typename === 'TokenRevoked' ? { tone: 'good', text: 'Ended.' } : refusal(outcome)
}
