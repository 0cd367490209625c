// Below the editor: what is wrong with the package, and its tests.
import { Button, Tabs } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { testPackage, type Check } from '../api/services'
import type { BuildMessage, Cluster, TestReport, TestResult } from '../api/types'
import { number, t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Failed } from '../ui/states'
import { isTest, paths, type Files } from './files'

export interface Place {
  file: string
  line: number
  column: number
}

interface Props {
  cluster: Cluster
  name: string
  files: Files
  check: Check
  messages: BuildMessage[]
  warnings: BuildMessage[]
  onGo: (place: Place) => void
}

export function Panel({ cluster, name, files, check, messages, warnings, onGo }: Props) {
  const run = useMutation({ mutationFn: async (filter?: string) => ({ report: await testPackage(cluster.id, name, files, filter), of: files }) })
  const report = run.data?.report
  const hasTests = paths(files).some(isTest)
  return (
    <Tabs defaultValue="problems" className="panel" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="problems">{t('code.problems')}{messages.length > 0 && <span className="tag bad">{messages.length}</span>}</Tabs.Tab>
        <Tabs.Tab value="tests">{t('tests.title')}{report && <span className={report.ok ? 'tag' : 'tag bad'}>{report.passed}/{report.passed + report.failed}</span>}</Tabs.Tab>
        <Tabs.Tab value="services">{t('place.services')}{check.checked && <span className="tag">{check.checked.services.length}</span>}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="problems" tabIndex={0}>
        <div role="status" className="small quiet">
          {check.error !== undefined ? '' : !check.fresh ? t('check.running') : messages.length === 0 ? t('check.good') : t('check.bad', { n: messages.length })}
        </div>
        {check.error !== undefined && <Failed error={check.error} />}
        <Messages list={messages} severity="error" onGo={onGo} />
        <Messages list={warnings} severity="warning" onGo={onGo} />
      </Tabs.Panel>
      <Tabs.Panel value="tests" tabIndex={0}>
        <div className="row wrap">
          <Button variant="default" disabled={!hasTests} loading={run.isPending} onClick={() => run.mutate(undefined)}>{t('tests.run')}</Button>
          <CopyCommand words={['test', name]} />
          <span className="quiet small">{hasTests ? t('tests.help') : t('tests.none')}</span>
        </div>
        {run.isError && <Failed error={run.error} />}
        {report && run.data?.of !== files && <p className="quiet small">{t('tests.old')}</p>}
        {report && <Report report={report} onGo={onGo} onRun={(one) => run.mutate(`${one.file}: ${one.name}`)} />}
      </Tabs.Panel>
      <Tabs.Panel value="services" tabIndex={0}>
        <ul className="marks">
          {check.checked?.services.map((one) => (
            <li key={one.name}><button type="button" className="link" onClick={() => onGo(one)}>{one.file}:{one.line}</button> <strong>{one.name}</strong> <span className="quiet">{one.doc}</span></li>
          ))}
        </ul>
      </Tabs.Panel>
    </Tabs>
  )
}

function Messages({ list, severity, onGo }: { list: BuildMessage[]; severity: 'error' | 'warning'; onGo: (place: Place) => void }) {
  return (
    <ul className="marks" data-severity={severity}>
      {list.map((one, i) => (
        <li key={i}>{one.file && <button type="button" className="link" onClick={() => onGo(one)}>{one.file}{one.line > 0 && `:${one.line}:${one.column}`}</button>} <span>{one.text}</span></li>
      ))}
    </ul>
  )
}

function Report({ report, onGo, onRun }: { report: TestReport; onGo: (place: Place) => void; onRun: (one: TestResult) => void }) {
  return (
    <>
      <p role="status" className="small">
        <span className="state" data-state={report.ok ? 'up' : 'down'}>{t('tests.done', { passed: report.passed, failed: report.failed, skipped: report.skipped, ms: number(report.duration_ms) })}</span>
      </p>
      {report.cut && <p className="warn-text small">{report.cut}</p>}
      <Messages list={report.messages} severity="error" onGo={onGo} />
      <ul className="marks tests">
        {report.tests.map((one) => (
          <li key={`${one.file}: ${one.name}`} data-ok={one.ok}>
            <span className="state" data-state={one.skipped ? 'unknown' : one.ok ? 'up' : 'down'}>{t(one.skipped ? 'tests.skipped' : one.ok ? 'tests.passed' : 'tests.failed')}</span>
            <button type="button" className="link" onClick={() => onGo({ file: one.file, line: one.line ?? 1, column: 1 })}>{one.file}{one.line ? `:${one.line}` : ''}</button>
            <span>{one.name}</span>
            {!one.skipped && <span className="quiet small">{number(one.duration_ms, 1)} ms</span>}
            <button type="button" className="link" aria-label={t('tests.runOne', { name: one.name })} onClick={() => onRun(one)}>{t('tests.again')}</button>
            {one.error && (
              <div className="why">
                {one.error.file && <button type="button" className="link" onClick={() => onGo({ file: one.error?.file ?? '', line: one.error?.line ?? 1, column: one.error?.column ?? 1 })}>{one.error.file}:{one.error.line}</button>} {one.error.message}
              </div>
            )}
            {one.log && one.log.length > 0 && <pre className="why small">{one.log.join('\n')}</pre>}
          </li>
        ))}
      </ul>
    </>
  )
}
