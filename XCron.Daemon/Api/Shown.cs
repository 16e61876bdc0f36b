namespace XCron.Daemon.Api;

/// <summary>A value as a refusal shows it: in quotes, and no longer than helps.</summary>
internal static class Shown
{
    private const int MaxChars = 64;

    public static string Text(string value) =>
        value.Length <= MaxChars ? $"\"{value}\"" : $"\"{value[..MaxChars]}…\"";
}
