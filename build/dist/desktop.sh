desktop_release() { :; }
