// A mistake in one screen takes down that screen and nothing else.
import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { call } from '../../api/http'
import { shellInfo } from '../../api/shell'
import { t } from '../../text'

/** Keeps a report on this machine; it has no message, which could quote what it was about. */
export async function report(error: unknown): Promise<void> {
  if (!(error instanceof Error) || !(await shellInfo())) return
  await call('shell/fault', { method: 'POST', body: { name: error.name, stack: error.stack ?? '' } }).catch(() => undefined)
}

export class Boundary extends Component<{ at: string; children: ReactNode }, { failed: string | undefined }> {
  override state = { failed: undefined as string | undefined }

  static getDerivedStateFromError(): { failed: string } {
    return { failed: '' }
  }

  override componentDidCatch(error: unknown): void {
    this.setState({ failed: this.props.at })
    void report(error)
  }

  override render(): ReactNode {
    const { failed } = this.state
    if (failed === undefined || (failed !== '' && failed !== this.props.at)) return this.props.children
    return (
      <div className="blank" role="alert">
        <h2>{t('fault.title')}</h2>
        <p>{t('fault.help')}</p>
        <Button onClick={() => this.setState({ failed: undefined })}>{t('fault.retry')}</Button>
      </div>
    )
  }
}
