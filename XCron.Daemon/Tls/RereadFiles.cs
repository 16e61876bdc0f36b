using System.Security.Cryptography;

namespace XCron.Daemon.Tls;

/// <summary>
/// Something read from files that are replaced while the process runs, as certificates are before they expire. Looked
/// at when it is asked for, at most every 10 s; files that are not right change nothing and are told once. By content
/// rather than by date: a link that is pointed elsewhere has no new date. Thread-safe.
/// </summary>
/// <param name="paths">The files.</param>
/// <param name="read">Reads them all; throws <see cref="CertificateFileException"/> where they are not right.</param>
/// <param name="changed">Told of new content that was taken.</param>
/// <param name="refused">Told why new content was not taken.</param>
/// <param name="time">Says when to look again.</param>
internal sealed class RereadFiles<T>(
    IReadOnlyList<string> paths, Func<T> read, Action<T> changed, Action<string> refused, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private byte[] _seen = DigestOf(paths);
    private T _current = read();
    private long _lookedAt = time.GetTimestamp();

    public T Current
    {
        get
        {
            lock (_gate)
            {
                if (time.GetElapsedTime(_lookedAt) >= Interval)
                    Look();
                return _current;
            }
        }
    }

    private void Look()
    {
        _lookedAt = time.GetTimestamp();
        try
        {
            var digest = DigestOf(paths);
            if (digest.AsSpan().SequenceEqual(_seen))
                return;

            _seen = digest;
            _current = read();
            changed(_current);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            refused(failure.Message);
        }
    }

    private static byte[] DigestOf(IReadOnlyList<string> paths)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
            digest.AppendData(SHA256.HashData(File.ReadAllBytes(path)));
        return digest.GetHashAndReset();
    }
}
