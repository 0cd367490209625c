import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Lets Go tests use H2 in its Oracle mode: a JDBC connection for each TCP
 * connection, on a free port of the loopback interface, which it prints. It ends
 * when its standard input does, and so never outlives the test.
 *
 * A text or bytes go as a length and the bytes; -1 is null. A request is a
 * letter (see serve) and what belongs to it; an answer is 'u' and the number of rows
 * changed, 'q' with columns and rows, or 'e' with H2's number and words.
 */
class Bridge implements Runnable {
	private final Socket socket;
	private DataInputStream in;
	private DataOutputStream out;
	private Connection db;
	// Of LOCK TABLE in its shared and its exclusive mode, which H2 does not know.
	private static final ConcurrentHashMap<String, ReentrantReadWriteLock> locks = new ConcurrentHashMap<>();
	private ReentrantReadWriteLock lock;
	private boolean begun; // a statement has run in this transaction
	private boolean reads; // which only reads

	Bridge(Socket socket) {
		this.socket = socket;
	}

	public static void main(String[] args) throws Exception {
		Class.forName("org.h2.Driver");
		ServerSocket listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
		System.out.println(listener.getLocalPort());
		Thread end = new Thread(() -> {
			try {
				while (System.in.read() >= 0) { }
			} catch (IOException e) {
				// as good as the end
			}
			Runtime.getRuntime().halt(0);
		});
		end.start();
		while (true) {
			new Thread(new Bridge(listener.accept())).start();
		}
	}

	@Override
	public void run() {
		try (socket) {
			socket.setTcpNoDelay(true);
			in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
			out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
			while (true) {
				int request = in.read();
				if (request < 0) {
					break;
				}
				try {
					serve(request);
				} catch (SQLException e) {
					out.writeByte('e');
					out.writeInt(e.getErrorCode());
					text(e.getMessage());
				}
				out.flush();
			}
		} catch (IOException e) {
			// the test has gone
		} finally {
			try {
				if (db != null) {
					db.close(); // rolls back
					unlock();
				}
			} catch (SQLException e) {
				System.err.println(e);
			}
		}
	}

	private void serve(int request) throws IOException, SQLException {
		switch (request) {
		case 'o':
			String name = text();
			lock = locks.computeIfAbsent(name, n -> new ReentrantReadWriteLock(true));
			db = open(name);
			changed(0);
			break;
		case 'b':
			db.setAutoCommit(false);
			begun = false;
			changed(0);
			break;
		case 'c':
		case 'r':
			if (request == 'c') {
				db.commit();
			} else {
				db.rollback();
			}
			db.setAutoCommit(true);
			db.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
			begun = reads = false;
			unlock();
			changed(0);
			break;
		case 'x':
			execute(text());
			break;
		case 'p': // only whether H2 understands it
			String sql = text();
			db.prepareStatement(sql).close();
			changed(0);
			break;
		default:
			throw new IOException("request " + request);
		}
	}

	/** One database a name; what every Oracle has to be asked for is made with it. */
	private static synchronized Connection open(String name) throws SQLException {
		Connection db = DriverManager.getConnection("jdbc:h2:mem:" + name + ";MODE=Oracle;NON_KEYWORDS=VALUE;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=20000", "sa", "");
		try (Statement s = db.createStatement()) {
			s.execute("CREATE VIEW IF NOT EXISTS product_component_version AS SELECT 'Oracle mode of H2' AS product, H2VERSION() AS version");
			s.execute("CREATE VIEW IF NOT EXISTS user_tables AS SELECT table_name FROM information_schema.tables"
					+ " WHERE table_schema = 'PUBLIC' AND table_type = 'BASE TABLE'");
		}
		db.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
		return db;
	}

	private void execute(String sql) throws IOException, SQLException {
		int n = in.readInt();
		Object[] args = new Object[n];
		for (int i = 0; i < n; i++) {
			int kind = in.read();
			args[i] = kind == 'i' ? (Object) in.readLong() : kind == 'b' ? bytes() : text();
			if ("".equals(args[i])) {
				args[i] = null; // as on Oracle
			}
		}
		if (sql.equals("SET TRANSACTION READ ONLY")) {
			if (begun || db.getAutoCommit()) {
				throw new SQLException("SET TRANSACTION must be the first statement of a transaction", "", 1453);
			}
			db.setTransactionIsolation(6); // SNAPSHOT
			begun = reads = true;
			changed(0);
			return;
		}
		begun = true;
		if (sql.startsWith("LOCK TABLE ")) {
			lock(sql.endsWith(" IN ROW SHARE MODE WAIT 20") ? lock.readLock() : lock.writeLock());
			return;
		}
		try (PreparedStatement s = db.prepareStatement(sql)) {
			for (int i = 0; i < n; i++) {
				s.setObject(i + 1, args[i]);
			}
			if (reads && (!sql.startsWith("SELECT") || sql.contains("FOR UPDATE"))) {
				throw new SQLException("a transaction that reads only cannot do this", "", 1456);
			}
			if (s.execute()) {
				rows(s.getResultSet());
			} else {
				changed(s.getUpdateCount());
			}
		}
	}

	/** For the transaction, which is this thread's. */
	private void lock(Lock wanted) throws IOException, SQLException {
		try {
			if (!wanted.tryLock(20, TimeUnit.SECONDS)) {
				throw new SQLException("the table is locked by another", "", 50200);
			}
		} catch (InterruptedException e) {
			throw new SQLException("interrupted", "", 50200);
		}
		changed(0);
	}

	private void unlock() {
		while (lock.getReadHoldCount() > 0) {
			lock.readLock().unlock();
		}
		while (lock.isWriteLockedByCurrentThread()) {
			lock.writeLock().unlock();
		}
	}

	private void changed(int n) throws IOException {
		out.writeByte('u');
		out.writeInt(n);
	}

	private void rows(ResultSet r) throws IOException, SQLException {
		ResultSetMetaData meta = r.getMetaData();
		int n = meta.getColumnCount();
		out.writeByte('q');
		out.writeInt(n);
		for (int i = 1; i <= n; i++) {
			text(meta.getColumnLabel(i));
			out.writeByte(meta.getColumnType(i) == Types.BLOB ? 'b' : 's');
		}
		while (r.next()) {
			out.writeByte('r');
			for (int i = 1; i <= n; i++) {
				if (meta.getColumnType(i) == Types.BLOB) {
					bytes(r.getBytes(i));
				} else {
					text(r.getString(i));
				}
			}
		}
		out.writeByte('.');
	}

	private byte[] bytes() throws IOException {
		int n = in.readInt();
		return n < 0 ? null : in.readNBytes(n);
	}

	private String text() throws IOException {
		byte[] b = bytes();
		return b == null ? null : new String(b, StandardCharsets.UTF_8);
	}

	private void bytes(byte[] b) throws IOException {
		out.writeInt(b == null ? -1 : b.length);
		if (b != null) {
			out.write(b);
		}
	}

	private void text(String s) throws IOException {
		bytes(s == null ? null : s.getBytes(StandardCharsets.UTF_8));
	}
}
