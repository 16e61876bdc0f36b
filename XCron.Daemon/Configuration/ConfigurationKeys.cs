using System.Net;
using XCron.Daemon.Api;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Configuration;

/// <summary>
/// Every setting there is. Reading, checking, --help and the file shipped at the root all go by this table.
/// </summary>
internal static class ConfigurationKeys
{
    private const long MiB = 1024 * 1024;

    private static readonly XCronOptions Defaults = new();

    public static readonly TypedKey<string> Env = new("env", Defaults.Env, ValueKinds.Text(0, 64),
        "A label that tells one installation from another in logs and metrics; nothing else.");

    public static readonly TypedKey<int> HttpPort = new("http_port", Defaults.HttpPort, Port(),
        "The HTTP API.");

    public static readonly TypedKey<int> MonitorPort = new("monitor_port", Defaults.MonitorPort, Port(),
        "/metrics (Prometheus), /livez and /readyz.");

    public static readonly TypedKey<int> PeerPort = new("peer_port", Defaults.PeerPort, Port(),
        "Where the other nodes reach this one.");

    public static readonly TypedKey<IPAddress> Bind = new("bind", Defaults.Bind, ValueKinds.Address(),
        "The address all three ports listen on; \"0.0.0.0\" is every IPv4 address of the machine, \"::\" every one.");

    public static readonly TypedKey<string> RaftDir = new("raft_dir", Defaults.RaftDir, ValueKinds.Text(1, 1024),
        "Where the log, snapshots and the node's identity are kept, from the working directory unless absolute. "
        + "One directory for each node.");

    public static readonly TypedKey<string> DefaultTimezone = new("default_timezone", "", ValueKinds.TimeZoneName(),
        "The zone of crontab tasks that name none, such as \"Asia/Shanghai\"; empty: the machine's own. It is stored "
        + "with the task, so changing it changes new tasks only.");

    public static readonly TypedKey<TimeSpan> RequestTimeout = new("request_timeout", Defaults.RequestTimeout,
        ValueKinds.Seconds(0.1m, 60),
        "Seconds a request waits for a leader and a majority before it is answered 503.");

    public static readonly TypedKey<int> MaxRequestBytes = new("max_request_bytes", Defaults.MaxRequestBytes,
        ValueKinds.WholeNumber(1024, 4 * (int)MiB),
        "The largest request body; a larger one is answered 413. At most a quarter of [raft] segment_bytes.");

    public static readonly TypedKey<TimeSpan> OwnerTimeout = new("owner_timeout", Defaults.OwnerTimeout,
        ValueKinds.Seconds(0.2m, 60),
        "Seconds a node must be silent before its tasks are given to others. Shorter moves them sooner after a crash, "
        + "and also after a mere pause; at least [raft] election_timeout_ms.");

    public static readonly TypedKey<TimeSpan> CompletedRetention = new("completed_retention",
        Defaults.CompletedRetention, ValueKinds.Seconds(0, 31_536_000),
        "Seconds a finished task can still be queried; then it is swept.");

    public static readonly TypedKey<TimeSpan> MisfireThreshold = new("misfire_threshold", Defaults.MisfireThreshold,
        ValueKinds.Seconds(1, 86_400),
        "Seconds after which a due time that nobody could serve counts as missed: a task with misfire = skip passes it "
        + "over. Longer than owner_timeout, or every change of owner would miss something.");

    public static readonly TypedKey<IReadOnlyList<string>> PeerHosts = new("peer.peer_hosts", Defaults.Peer.PeerHosts,
        ValueKinds.Hosts(),
        "The nodes that form the cluster, this one among them, each by its own peer_port, the same list on every node: "
        + "[\"10.0.0.1:8899\", \"10.0.0.2:8899\", \"10.0.0.3:8899\"]. Empty: one machine alone.");

    public static readonly TypedKey<IReadOnlyList<string>> Join = new("peer.join", Defaults.Peer.Join,
        ValueKinds.Hosts(),
        "For a fresh node that is to join a cluster which is there, instead of peer_hosts: some of its nodes. It is "
        + "taken in by itself, learns, and votes once it has caught up; later starts go by raft_dir and ignore this. "
        + "Empty: none is joined.");

    public static readonly TypedKey<string> Self = new("peer.self", Defaults.Peer.Self, ValueKinds.OptionalHost(),
        "Which of peer_hosts this node is, where that cannot be told from the machine's own addresses; for one machine "
        + "alone, the address that nodes which join later would use. Empty: it is found.");

    public static readonly TypedKey<string> SharedSecret = new("peer.shared_secret", Defaults.Peer.SharedSecret,
        ValueKinds.Text(0, 256),
        "A text every node of the cluster must show the others; empty: none is asked for. Keep it in the environment "
        + "(XCRON_PEER__SHARED_SECRET) or in a file that only the daemon can read.")
    {
        IsSecret = true,
    };

    public static readonly TypedKey<TimeSpan> ElectionTimeout = new("raft.election_timeout_ms",
        Defaults.Raft.ElectionTimeout, ValueKinds.Milliseconds(50, 60_000),
        "Milliseconds without a leader after which a node stands for election; it waits up to twice as long, by "
        + "chance. At least ten heartbeats, so that a few lost ones or a slow disk do not depose a leader.");

    public static readonly TypedKey<TimeSpan> HeartbeatInterval = new("raft.heartbeat_interval_ms",
        Defaults.Raft.HeartbeatInterval, ValueKinds.Milliseconds(5, 6_000),
        "Milliseconds between a leader's heartbeats.");

    public static readonly TypedKey<int> SegmentBytes = new("raft.segment_bytes", Defaults.Raft.SegmentBytes,
        ValueKinds.WholeNumber((int)MiB, 1024 * (int)MiB),
        "The size of one file of the log; files are allocated whole and used again.");

    public static readonly TypedKey<long> SnapshotLogBytes = new("raft.snapshot_log_bytes",
        Defaults.Raft.SnapshotLogBytes, ValueKinds.WholeNumber(MiB, 1024 * 1024 * MiB),
        "Log written since the last snapshot before the next one is taken and the log behind it is cut. More makes a "
        + "restart replay more and use more disk, less writes snapshots more often.");

    public static readonly TypedKey<int> MaxConcurrent = new("callback.max_concurrent",
        Defaults.Callback.MaxConcurrent, ValueKinds.WholeNumber(1, 65_536),
        "Callbacks this node has under way at once; about 256 kept-alive connections carry 10,000 a second.");

    public static readonly TypedKey<int> MaxPerHost = new("callback.max_per_host", Defaults.Callback.MaxPerHost,
        ValueKinds.WholeNumber(1, 65_536),
        "Of these, at most so many to one host, so that a slow one does not hold up the others; at most "
        + "max_concurrent.");

    public static readonly TypedKey<IReadOnlyList<IPNetwork>> Allow = new("callback.allow", Defaults.Callback.Allow,
        ValueKinds.Networks(),
        "Networks callbacks may go to, such as [\"10.0.0.0/8\"], checked when the connection is made; empty: all.");

    public static readonly TypedKey<IReadOnlyList<IPNetwork>> Deny = new("callback.deny", Defaults.Callback.Deny,
        ValueKinds.Networks(),
        "Networks callbacks never go to, whatever allow says. By default link-local addresses and those where clouds "
        + "hand out credentials.");

    public static readonly TypedKey<IReadOnlyList<SigningSecret>> SigningSecrets = new("callback.signing_secrets",
        Defaults.Callback.SigningSecrets, ValueKinds.SigningSecrets(),
        "Secrets that callbacks are signed with, by the Standard Webhooks specification, the same on every node; two "
        + "while one takes the other's place: a receiver that knows either is content. Empty: callbacks are not "
        + "signed. Keep them in the environment (XCRON_CALLBACK__SIGNING_SECRETS) or in a file that only the daemon "
        + "can read.")
    {
        IsSecret = true,
    };

    public static readonly TypedKey<IReadOnlyList<ApiKeyHash>> ApiKeys = new("auth.api_keys", Defaults.Auth.ApiKeys,
        ValueKinds.ApiKeys(),
        "The keys that open the API, as \"ROLE:sha256:HASH\" with the role read, write or admin, each of which may do "
        + "what the one before it may; a client sends \"Authorization: Bearer KEY\" or \"X-Api-Key: KEY\". "
        + "xcron_server --hash-key makes a key and its hash. Empty: the API is open to whoever reaches it.")
    {
        IsSecret = true,
    };

    public static readonly TypedKey<string> PeerCert = new("tls.peer_cert", "", PemPath(),
        "This node's certificate, a PEM file; with it, peer_key and peer_ca, peer_port speaks mutual TLS: every node "
        + "shows a certificate of that authority, whatever name is on it. Extended key usage, if any, is clientAuth "
        + "and serverAuth. Files that change are read again for new connections. Empty: no TLS between nodes.");

    public static readonly TypedKey<string> PeerKey = new("tls.peer_key", "", PemPath(),
        "The key of peer_cert, a PEM file without a passphrase that only the daemon can read.");

    public static readonly TypedKey<string> PeerCa = new("tls.peer_ca", "", PemPath(),
        "The cluster's own authority, a PEM file: its root, and whatever stands between it and the nodes' "
        + "certificates. Whoever has a certificate of it is let in, so nothing else may be signed by it; two roots "
        + "while one takes the other's place.");

    public static readonly TypedKey<string> HttpCert = new("tls.http_cert", "", PemPath(),
        "With http_key: http_port speaks https with this certificate, a PEM file with the chain towards its root after "
        + "it; monitor_port stays plain. Files that change are read again for new connections. Empty: http_port speaks "
        + "plain HTTP.");

    public static readonly TypedKey<string> HttpKey = new("tls.http_key", "", PemPath(),
        "The key of http_cert, a PEM file without a passphrase that only the daemon can read.");

    public static readonly TypedKey<LogLevel> Level = new("log.level", Defaults.Log.Level, ValueKinds.Level(),
        "What is written to the console: this and what is worse.");

    /// <summary>In the order of the file: those without a section first, then section by section.</summary>
    public static IReadOnlyList<ConfigurationKey> All { get; } =
    [
        Env, HttpPort, MonitorPort, PeerPort, Bind, RaftDir, DefaultTimezone, RequestTimeout, MaxRequestBytes,
        OwnerTimeout, CompletedRetention, MisfireThreshold, PeerHosts, Join, Self, SharedSecret, ElectionTimeout,
        HeartbeatInterval, SegmentBytes, SnapshotLogBytes, MaxConcurrent, MaxPerHost, Allow, Deny, SigningSecrets,
        ApiKeys, PeerCert, PeerKey, PeerCa, HttpCert, HttpKey, Level,
    ];

    /// <summary>The tables of the file.</summary>
    public static IReadOnlyList<string> Sections { get; } =
        [.. All.Select(key => key.Section).Where(section => section.Length > 0).Distinct()];

    public static ConfigurationKey? Find(string path) => All.FirstOrDefault(key => key.Path == path);

    private static ValueKind<string> PemPath() => ValueKinds.Text(0, 1024);

    private static ValueKind<int> Port() => ValueKinds.WholeNumber(1, 65535);
}
