using System.Security.Cryptography;
using System.Text;

namespace XCron.Daemon.Peers;

/// <summary>Compares what a caller says with the secret, in a time that tells nothing of either.</summary>
internal sealed class SharedSecret(string secret)
{
    private readonly byte[] _digest = Digest(secret);

    public bool Matches(string said) => CryptographicOperations.FixedTimeEquals(Digest(said), _digest);

    /// <summary>Hashed, so that not even the length shows.</summary>
    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
