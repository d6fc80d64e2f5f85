"""A report: one HTML file that shows a comparison of runs anywhere, without a server, a network or the runs themselves."""

from vaedash.showing.report.document import page as page
