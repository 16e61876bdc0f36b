namespace XCron.Daemon.Configuration;

/// <summary>A kind of value.</summary>
/// <param name="Expectation">What a value must be: follows "must be ".</param>
/// <param name="Read">Turns what was written into a value, or says why not.</param>
/// <param name="Write">The value as a TOML file has it.</param>
internal sealed record ValueKind<T>(string Expectation, Func<RawValue, Reading<T>> Read, Func<T, string> Write);
