using XCron.Daemon.Api;

namespace XCron.Daemon.Configuration;

/// <summary>What --hash-key prints: the hash of a key, to be put into api_keys behind a role.</summary>
internal static class KeyHasher
{
    /// <param name="givenKey">The line of standard input; empty or null: a new key is made.</param>
    public static ConfigurationOutcome Hash(string? givenKey)
    {
        var key = givenKey?.Trim() ?? "";
        if (key.Length == 0)
        {
            var newKey = ApiKeyHash.NewKey();
            return new ConfigurationOutcome.Print($"key:  {newKey}\nhash: {ApiKeyHash.Hash(newKey)}\n");
        }

        return IsGood(key)
            ? new ConfigurationOutcome.Print($"hash: {ApiKeyHash.Hash(key)}\n")
            : new ConfigurationOutcome.Refused(
            [
                $"standard input: a key must be at least {ApiKeyHash.MinKeyLength} printable ASCII characters without "
                + "a space; give nothing, and a random one is made.",
            ]);
    }

    private static bool IsGood(string key) =>
        key.Length >= ApiKeyHash.MinKeyLength && key.All(static character => character is > ' ' and <= '~');
}
