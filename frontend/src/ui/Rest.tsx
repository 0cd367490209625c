import { t } from '../text'

/** How many rows of a plain table are drawn; lists that people work with are DataTables. */
export const most = 200

/** Says how many are not drawn. */
export const Rest = ({ all }: { all: number }) => all > most && <p className="quiet small">{t('bulk.more', { n: all - most })}</p>
