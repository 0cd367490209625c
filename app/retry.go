package app

import (
	"net/http"
	"time"
)

// announceNext tells when a cluster that is down is asked again, and hands d on.
func (c *conn) announceNext(up bool, d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next = (time.Time{}); !up {
		c.next = c.now().Add(d)
		c.tell(ChangeStatus)
	}
	return d
}

// retry has the cluster asked now; what comes of it is told as a change.
func (a *App) retry(_ *http.Request, c *conn) (any, error) {
	c.poke()
	return nil, nil
}
