using System.Globalization;
using System.Net;
using System.Numerics;
using XCron.Daemon.Api;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Configuration;

/// <summary>The kinds of values that settings have.</summary>
internal static class ValueKinds
{
    private const int MaxListItems = 255;

    /// <summary>One in use, and one that comes or goes.</summary>
    private const int MaxSigningSecrets = 2;

    private static readonly (string Name, LogLevel Level)[] Levels =
    [
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information),
        ("warning", LogLevel.Warning), ("error", LogLevel.Error), ("critical", LogLevel.Critical),
    ];

    private delegate bool TryRead<T>(string text, out T item);

    public static ValueKind<string> Text(int minLength, int maxLength) =>
        Of(
            $"text of {minLength} to {maxLength} printable characters",
            raw => raw.Text is { } text && text.Length >= minLength && text.Length <= maxLength
                && !text.Any(char.IsControl) ? text : null,
            Quote);

    public static ValueKind<T> WholeNumber<T>(T min, T max)
        where T : struct, IBinaryInteger<T> =>
        OfStruct<T>(
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"),
            raw => T.TryParse(raw.Number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && number >= min && number <= max ? number : null,
            number => number.ToString(null, CultureInfo.InvariantCulture));

    public static ValueKind<TimeSpan> Seconds(decimal min, decimal max) =>
        OfStruct<TimeSpan>(
            string.Create(CultureInfo.InvariantCulture, $"a number of seconds from {min} to {max}"),
            raw => decimal.TryParse(raw.Number, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
                && seconds >= min && seconds <= max ? new TimeSpan((long)(seconds * TimeSpan.TicksPerSecond)) : null,
            span => span.TotalSeconds.ToString(CultureInfo.InvariantCulture));

    public static ValueKind<TimeSpan> Milliseconds(int min, int max)
    {
        var whole = WholeNumber(min, max);
        return OfStruct<TimeSpan>(
            string.Create(CultureInfo.InvariantCulture, $"a whole number of milliseconds from {min} to {max}"),
            raw => whole.Read(raw) is { Requirement: null } reading ? TimeSpan.FromMilliseconds(reading.Value) : null,
            span => span.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
    }

    public static ValueKind<IPAddress> Address() =>
        Of(
            "an IP address, such as \"0.0.0.0\", \"::\" or \"127.0.0.1\"",
            raw => HostPort.TryParseAddress(raw.Text, out var address) ? address : null,
            address => Quote(address.ToString()));

    /// <summary>A zone's name, kept as text; empty is allowed and stands for the machine's own.</summary>
    public static ValueKind<string> TimeZoneName() =>
        Of(
            "empty, or a zone of this machine's tz database, such as \"Asia/Shanghai\" or \"UTC\"",
            raw => raw.Text is "" || (raw.Text is not null && TimeZoneInfo.TryFindSystemTimeZoneById(raw.Text, out _))
                ? raw.Text : null,
            Quote);

    public static ValueKind<LogLevel> Level() =>
        OfStruct<LogLevel>(
            $"one of {string.Join(", ", Levels.Select(level => Quote(level.Name)))}",
            raw => Array.Find(Levels, level => level.Name == raw.Text) is { Name: not null } found ? found.Level : null,
            level => Quote(Array.Find(Levels, named => named.Level == level).Name));

    /// <summary>An empty text, or one "host:port" in its one spelling.</summary>
    public static ValueKind<string> OptionalHost() =>
        Of(
            "empty, or host:port, such as \"10.0.0.1:8899\"",
            raw => raw.Text is "" ? "" : HostPort.TryParse(raw.Text, out var host) ? host.ToString() : null,
            Quote);

    public static ValueKind<IReadOnlyList<string>> Hosts() =>
        ListOf<string>("host:port, such as \"10.0.0.1:8899\"", TryReadHost, Quote);

    public static ValueKind<IReadOnlyList<IPNetwork>> Networks() =>
        ListOf<IPNetwork>(
            "an address, or a network without bits beyond its prefix, such as \"10.0.0.0/8\"",
            TryReadNetwork,
            network => Quote(network.ToString()));

    public static ValueKind<IReadOnlyList<SigningSecret>> SigningSecrets() =>
        ListOf<SigningSecret>(
            SigningSecret.Expectation, TryReadSecret, static secret => Quote(secret.ToString()), MaxSigningSecrets);

    public static ValueKind<IReadOnlyList<ApiKeyHash>> ApiKeys() =>
        ListOf<ApiKeyHash>(
            "\"read:sha256:\", \"write:sha256:\" or \"admin:sha256:\" and 64 hexadecimal digits",
            TryReadKey,
            static key => Quote(key.ToString()));

    private static bool TryReadSecret(string text, out SigningSecret secret)
    {
        var isSecret = SigningSecret.TryParse(text, out var parsed);
        secret = parsed!;
        return isSecret;
    }

    private static bool TryReadKey(string text, out ApiKeyHash key)
    {
        var isKey = ApiKeyHash.TryParse(text, out var parsed);
        key = parsed!;
        return isKey;
    }

    private static bool TryReadHost(string text, out string host)
    {
        var isHost = HostPort.TryParse(text, out var hostPort);
        host = isHost ? hostPort.ToString() : text;
        return isHost;
    }

    private static bool TryReadNetwork(string text, out IPNetwork network)
    {
        if (HostPort.TryParseAddress(text, out var address))
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        // 10.0.0.5/8 may have been meant as one address or as all of 10: the library takes it for the latter.
        return IPNetwork.TryParse(text, out network)
            && HostPort.TryParseAddress(text.Split('/')[0], out var first) && first.Equals(network.BaseAddress);
    }

    private static ValueKind<IReadOnlyList<T>> ListOf<T>(
        string itemExpectation, TryRead<T> tryRead, Func<T, string> write, int maxItems = MaxListItems)
    {
        var expectation = $"a list of at most {maxItems}, each {itemExpectation}";
        return new(expectation, Read, items => $"[{string.Join(", ", items.Select(write))}]");

        Reading<IReadOnlyList<T>> Read(RawValue raw)
        {
            if (raw.Items is not { } rawItems || rawItems.Count > maxItems)
                return Reading<IReadOnlyList<T>>.Refused($"must be {expectation}");

            var items = new List<T>(rawItems.Count);
            foreach (var rawItem in rawItems)
            {
                if (rawItem.Text is not { } text || !tryRead(text, out var item))
                    return Reading<IReadOnlyList<T>>.Refused($"{rawItem} in it must be {itemExpectation}");
                if (items.Contains(item))
                    return Reading<IReadOnlyList<T>>.Refused($"{rawItem} in it must not be there twice");
                items.Add(item);
            }

            return new(items, null);
        }
    }

    private static ValueKind<T> Of<T>(string expectation, Func<RawValue, T?> read, Func<T, string> write)
        where T : class =>
        new(
            expectation,
            raw => read(raw) is { } value ? value : Reading<T>.Refused($"must be {expectation}"),
            write);

    private static ValueKind<T> OfStruct<T>(string expectation, Func<RawValue, T?> read, Func<T, string> write)
        where T : struct =>
        new(
            expectation,
            raw => read(raw) is { } value ? value : Reading<T>.Refused($"must be {expectation}"),
            write);

    private static string Quote(string text) => $"\"{text}\"";
}
